/** Ctrl-C and SIGTERM: the current piece of work is finished and written, then the run stops. */

export type StopSignal = 'SIGINT' | 'SIGTERM';

/** What a shell expects of a process that a signal ended: 128 + its number. */
export const exitCodes: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

export interface Interruption {
  /** The signal that came, if one did. */
  readonly signal: StopSignal | null;
  /** What `signal` means for the exit code; SIGINT's where none came. */
  readonly exitCode: number;
  /** Gives the signals back to Node. */
  release(): void;
}

/** How long the current piece of work may take to end after the first signal. */
const usualGraceMs = 10_000;

/** Those that listen now. */
const listening = new Set<(signal: StopSignal) => void>();

/**
 * The first signal is noted and told. A second one ends the process at once, as if nobody listened; so does the
 * end of `graceMs` where the work goes on by then: a batch that was not written is done again by the next run.
 */
export function listenForInterruption(
  tell: (signal: StopSignal) => void,
  graceMs = usualGraceMs,
): Interruption {
  let signal: StopSignal | null = null;
  let timer: NodeJS.Timeout | undefined;
  const note = (received: StopSignal) => {
    signal = received;
    ignore(note);
    // With nobody listening any more the signal does what it does by itself.
    timer = setTimeout(() => process.kill(process.pid, received), graceMs);
    tell(received);
  };
  listen(note);
  return {
    get signal() {
      return signal;
    },
    get exitCode() {
      return exitCodes[signal ?? 'SIGINT'];
    },
    release() {
      clearTimeout(timer);
      ignore(note);
    },
  };
}

/**
 * Work of which nothing is worth finishing, such as loading a model: while it lasts nobody listens, so that a
 * signal ends the process at once, however busy its thread is.
 */
export async function interruptible<T>(work: () => Promise<T>): Promise<T> {
  const paused = [...listening];
  for (const note of paused) ignore(note);
  try {
    return await work();
  } finally {
    for (const note of paused) listen(note);
  }
}

function listen(note: (signal: StopSignal) => void): void {
  listening.add(note);
  process.on('SIGINT', note);
  process.on('SIGTERM', note);
}

function ignore(note: (signal: StopSignal) => void): void {
  listening.delete(note);
  process.off('SIGINT', note);
  process.off('SIGTERM', note);
}
