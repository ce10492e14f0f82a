/** Starts a child run for a test, and reads what it left behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readResults, resultsContent } from '@vssm/results';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Started {
  readonly process: ChildProcess;
  /** Resolves once the child has said so, or has ended. */
  readonly running: Promise<void>;
  readonly ended: Promise<Ended>;
}

const made = fileURLToPath(new URL('./child.ts', import.meta.url));

export interface ChildOptions {
  /** ms of every batch. */
  readonly pause?: number;
  /** ms by which the clock runs backwards between two looks at it. */
  readonly backwards?: number;
  /** Modules that are loaded before the child's own. */
  readonly before?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export function startChild(folder: string, options: ChildOptions = {}): Started {
  const { pause = 0, backwards = 0, before = [], env = {} } = options;
  const imports = before.flatMap((module) => ['--import', module]);
  const started = spawn(process.execPath, [...imports, made, folder, String(pause), String(backwards)], {
    env: { ...process.env, ...env },
  });
  return watch(started);
}

export function watch(started: ChildProcess): Started {
  let out = '';
  let err = '';
  let tellRunning = () => {};
  const running = new Promise<void>((resolve) => {
    tellRunning = resolve;
  });
  started.stdout!.on('data', (text) => {
    out += text;
    if (out.includes('running')) tellRunning();
  });
  started.stderr!.on('data', (text) => {
    err += text;
  });
  const ended = new Promise<Ended>((resolve) =>
    started.on('close', (code, signal) => {
      tellRunning();
      resolve({ code, signal, out, err });
    }),
  );
  return { process: started, running, ended };
}

/** Records without times, and every byte of the predictions. */
export function content(folder: string): { records: string[]; predictions: Record<string, string> } {
  return { records: resultsContent(readResults(folder).records), predictions: predictions(folder) };
}

export function predictions(folder: string): Record<string, string> {
  const inside = join(folder, 'predictions');
  if (!existsSync(inside)) return {};
  return Object.fromEntries(
    readdirSync(inside).map((name) => [name, readFileSync(join(inside, name), 'utf8')]),
  );
}
