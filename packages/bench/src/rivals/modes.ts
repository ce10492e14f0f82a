/** How a form may use the cores, and which ways are tried. */
import type { SpeedRecord } from '@vssm/results';

export type ExecutionForm = NonNullable<SpeedRecord['execution']>['form'];

type Execution = NonNullable<SpeedRecord['execution']>;

export interface Mode {
  /** `together`: all threads inside one run. `apart`: a run of its own on each thread, images dealt out. */
  readonly cores: Execution['cores'];
  readonly threads: number;
  /** Images of one run; of all threads together where they run apart. */
  readonly batch: number;
}

/** With one image, a few and many for each run, in either way to use the threads. */
export function candidateModes(threads: number): Mode[] {
  const together = [1, 4, 8].map((batch): Mode => ({ cores: 'together', threads, batch }));
  if (threads === 1) return together;
  const apart = [1, 4, 8].map((each): Mode => ({ cores: 'apart', threads, batch: each * threads }));
  return [...together, ...apart];
}

/** What calibration mostly finds, for runs that have no time for one. */
export function usualMode(form: ExecutionForm, threads: number): Mode {
  const cores = threads === 1 ? 'together' : 'apart';
  const each: Readonly<Record<ExecutionForm, number>> = {
    'matmul-floor': 4,
    segments: 4,
    'segments-wasm': 4,
    'whole-scan': 4,
    'whole-linear-attention': 1,
  };
  return { cores, threads, batch: each[form] * threads };
}

/** `calibrate`: each form in the best of several modes, tried first. Otherwise the mode of each form. */
export type Modes = 'calibrate' | ((form: ExecutionForm, threads: number) => Mode);
