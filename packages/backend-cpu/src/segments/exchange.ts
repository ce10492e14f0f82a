/**
 * Memory through which the main thread and one partner pass a share of the channels to and fro. ONNX Runtime
 * refuses shared memory, so each side has its own and this lies between; `control` says whose turn it is.
 */
import type { ModelSpec } from '@vssm/families';
import type { Score } from './mixer.ts';

type Floats = Float32Array<SharedArrayBuffer>;

export interface Exchange {
  readonly control: Int32Array<SharedArrayBuffer>;
  readonly positions: Int32Array<SharedArrayBuffer>;
  /** [rows, channels] each */
  readonly x: Floats;
  readonly z: Floats;
  readonly y: Floats;
  /** One per projection set. */
  readonly sets: readonly SetExchange[];
  /** [rows] */
  readonly scores: Floats;
}

export interface SetExchange {
  /** [rows, channels] each */
  readonly u: Floats;
  readonly delta: Floats;
  /** [rows, r + 2N] */
  readonly projected: Floats;
}

/** Fields of `control`. */
export const slots = {
  /** Number of the last job given, and of the last one done. */
  given: 0,
  done: 1,
  operation: 2,
  block: 3,
  batch: 4,
  length: 5,
  positionalTaps: 6,
  gaps: 7,
  signal: 8,
  reduce: 9,
} as const;

export const operations = { convolve: 1, scan: 2, arrange: 3, stop: 4 } as const;

/** `done` after a partner failed. */
export const failure = -1;

/** Score options as numbers; 0 is none. */
export const signalNames: readonly (Score['signal'] | undefined)[] = [
  undefined,
  'gated',
  'gated-backward',
  'ssm',
];
export const reductionNames: readonly Score['reduce'][] = ['clip', 'sum', 'l1', 'l2'];

/** @param sets number of projection sets */
export function createExchange(spec: ModelSpec, sets: number, rows: number, channels: number): Exchange {
  const floats = (count: number) => new Float32Array(new SharedArrayBuffer(4 * count));
  const wide = () => floats(rows * channels);
  return {
    control: new Int32Array(new SharedArrayBuffer(4 * Object.keys(slots).length)),
    positions: new Int32Array(new SharedArrayBuffer(4 * rows)),
    x: wide(),
    z: wide(),
    y: wide(),
    sets: Array.from({ length: sets }, () => ({
      u: wide(),
      delta: wide(),
      projected: floats(rows * (spec.dtRank + 2 * spec.stateSize)),
    })),
    scores: floats(rows),
  };
}
