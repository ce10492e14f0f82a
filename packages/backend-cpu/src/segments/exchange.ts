/**
 * Memory through which the main thread and one partner pass a share of the channels to and fro. ONNX Runtime
 * refuses shared memory, so each side has its own and this lies between; `control` says whose turn it is.
 */
import type { ModelSpec } from '@vssm/families';
import type { Rows } from '@vssm/kernels';
import type { ExtraPlaces } from './mixer.ts';

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
  /** [rows, channels] each: what the mixer leaves for a rule, in the order of `extraRows`. */
  readonly extras: readonly Floats[];
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
  handOut: 8,
  columns: 9,
} as const;

export const operations = { convolve: 1, scan: 2, arrange: 3, stop: 4 } as const;

/** `done` after a partner failed. */
export const failure = -1;

/** The rows of extra places one after another: directions, sum, gated backward. */
export function extraRows({ directions = [], sum, gatedBackward }: ExtraPlaces = {}): readonly Rows[] {
  return [
    ...directions,
    ...(sum === undefined ? [] : [sum]),
    ...(gatedBackward === undefined ? [] : [gatedBackward]),
  ];
}

/**
 * @param sets number of projection sets
 * @param extras number of what the mixer leaves for a rule
 */
export function createExchange(
  spec: ModelSpec,
  sets: number,
  extras: number,
  rows: number,
  channels: number,
): Exchange {
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
    extras: Array.from({ length: extras }, wide),
  };
}
