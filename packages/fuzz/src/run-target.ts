/** Runs one target in a separate process, and ends it when it hangs. */
import { fork } from 'node:child_process';
import { join } from 'node:path';

export interface FuzzLimits {
  /** Longest time for one input, ms. */
  readonly hangMs: number;
  /** Resident memory of the whole process. */
  readonly memoryBytes: number;
}

export const defaultLimits: FuzzLimits = { hangMs: 5000, memoryBytes: 10 ** 9 };

export interface Finding {
  readonly input: string;
  readonly problem: string;
  /** Absent where the process ended over it. */
  readonly bytes?: Buffer;
}

export interface FuzzOutcome {
  /** Inputs that were read, and that were refused with a UserError. */
  readonly read: number;
  readonly refused: number;
  readonly findings: readonly Finding[];
  /** Largest resident memory of the process. */
  readonly peakBytes: number;
}

export type FromChild =
  | { readonly kind: 'at'; readonly input: string }
  | { readonly kind: 'finding'; readonly input: string; readonly problem: string; readonly bytes: string }
  | { readonly kind: 'end'; readonly read: number; readonly refused: number; readonly peakBytes: number };

/** Time for a process to start and read its seeds, ms. */
const startMs = 60_000;

export function runTarget(
  name: string,
  file: string,
  mutants: { readonly first: number; readonly count: number },
  limits: FuzzLimits = defaultLimits,
): Promise<FuzzOutcome> {
  const args = [file, name, mutants.first, mutants.count, limits.memoryBytes].map(String);
  const child = fork(join(import.meta.dirname, 'child.ts'), args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Heap beyond this ends the process, which is a finding too.
    execArgv: [`--max-old-space-size=${Math.floor(limits.memoryBytes / 2 ** 20)}`],
  });
  const findings: Finding[] = [];
  let at = 'its start';
  let end: Extract<FromChild, { kind: 'end' }> | undefined;
  let hung = false;
  let complaint = '';
  child.stderr!.on('data', (text) => {
    complaint = (complaint + text).slice(-4000);
  });
  const hang = () => {
    hung = true;
    child.kill('SIGKILL');
  };
  let watchdog = setTimeout(hang, startMs);
  child.on('message', (message: FromChild) => {
    clearTimeout(watchdog);
    if (message.kind === 'at') at = message.input;
    if (message.kind === 'finding') {
      const { input, problem, bytes } = message;
      findings.push({ input, problem, bytes: Buffer.from(bytes, 'base64') });
    }
    if (message.kind === 'end') end = message;
    else watchdog = setTimeout(hang, limits.hangMs);
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(watchdog);
      if (end === undefined) {
        const how = hung ? `takes more than ${limits.hangMs} ms` : `ended the process (${signal ?? code})`;
        findings.push({ input: at, problem: hung ? how : `${how}\n${complaint.trim()}` });
      }
      const { read = 0, refused = 0, peakBytes = 0 } = end ?? {};
      resolve({ read, refused, findings, peakBytes });
    });
  });
}
