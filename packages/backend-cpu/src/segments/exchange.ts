/**
 * Memory through which the main thread and one partner pass a share of the channels to and fro. ONNX Runtime
 * refuses shared memory, so each side has its own and this lies between; `control` says whose turn it is.
 */
import type { VimSpec } from '@vssm/core';
import type { Score } from './mixer.ts';

export interface Exchange {
  readonly control: Int32Array<SharedArrayBuffer>;
  readonly positions: Int32Array<SharedArrayBuffer>;
  /** [rows, channels] each */
  readonly x: Float32Array<SharedArrayBuffer>;
  readonly z: Float32Array<SharedArrayBuffer>;
  readonly uForward: Float32Array<SharedArrayBuffer>;
  readonly uBackward: Float32Array<SharedArrayBuffer>;
  readonly deltaForward: Float32Array<SharedArrayBuffer>;
  readonly deltaBackward: Float32Array<SharedArrayBuffer>;
  readonly y: Float32Array<SharedArrayBuffer>;
  /** [rows, r + 2N] each */
  readonly projectedForward: Float32Array<SharedArrayBuffer>;
  readonly projectedBackward: Float32Array<SharedArrayBuffer>;
  /** [rows] */
  readonly scores: Float32Array<SharedArrayBuffer>;
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

export const operations = { convolve: 1, scan: 2, stop: 3 } as const;

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

export function createExchange(spec: VimSpec, rows: number, channels: number): Exchange {
  const floats = (count: number) => new Float32Array(new SharedArrayBuffer(4 * count));
  const wide = () => floats(rows * channels);
  const projected = () => floats(rows * (spec.dtRank + 2 * spec.stateSize));
  return {
    control: new Int32Array(new SharedArrayBuffer(4 * Object.keys(slots).length)),
    positions: new Int32Array(new SharedArrayBuffer(4 * rows)),
    x: wide(),
    z: wide(),
    uForward: wide(),
    uBackward: wide(),
    deltaForward: wide(),
    deltaBackward: wide(),
    y: wide(),
    projectedForward: projected(),
    projectedBackward: projected(),
    scores: floats(rows),
  };
}
