/** Ctrl-C and SIGTERM: the current piece of work is finished and written, then the run stops. */

export type StopSignal = 'SIGINT' | 'SIGTERM';

/** What a shell expects of a process that a signal ended: 128 + its number. */
export const exitCodes: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

export interface Interruption {
  /** The signal that came, if one did. */
  readonly signal: StopSignal | null;
  /** Gives the signals back to Node. */
  release(): void;
}

/** The first signal is noted and told; a second one ends the process at once, as if nobody listened. */
export function listenForInterruption(tell: (signal: StopSignal) => void): Interruption {
  let signal: StopSignal | null = null;
  const note = (received: StopSignal) => {
    signal = received;
    release();
    tell(received);
  };
  const release = () => {
    process.off('SIGINT', note);
    process.off('SIGTERM', note);
  };
  process.on('SIGINT', note);
  process.on('SIGTERM', note);
  return {
    get signal() {
      return signal;
    },
    release,
  };
}
