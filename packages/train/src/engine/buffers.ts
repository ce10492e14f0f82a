/**
 * What a micro-batch's forward pass leaves for its backward pass, and the room that the backward pass works in, all in
 * the kernels' memory. States of the scan are not among it: the kernel computes them again, eight channels at a time.
 */

import { sequenceLength, type TrainableSpec } from '@vssm/families';
import type { Arena, Rows } from '@vssm/kernels';
import type { Placement } from '../autodiff/program.ts';

/** A matrix of float32 in the kernels' memory. */
export interface Matrix {
  readonly at: number;
  readonly columns: number;
}

/** The first `rows` rows of a matrix, for a program. */
export function placed({ at, columns }: Matrix, rows: number): Placement {
  return { at, shape: [rows, columns] };
}

/** Columns of a matrix from `first` on, for the kernels. */
export function rowsOf({ at, columns }: Matrix, first = 0): Rows {
  return { at: at + 4 * first, stride: columns };
}

/** The same, begun at row `row`. */
export function rowsFrom(matrix: Matrix, row: number, first = 0): Rows {
  return rowsOf(matrix, row * matrix.columns + first);
}

/** What one set of projections reads and writes. */
export interface SetBuffers {
  /** [rows, E] */
  readonly u: Matrix;
  readonly delta: Matrix;
  /** [rows, r + 2N] */
  readonly projected: Matrix;
}

export interface BlockBuffers {
  /** In the family's order. */
  readonly sets: readonly SetBuffers[];
  /** [rows, d]: what the block's norm reads. */
  readonly residual: Matrix;
  /** [rows, 2E]: x, then z */
  readonly xz: Matrix;
  /** [rows, E]: the ungated sum of the directions */
  readonly ssm: Matrix;
  /** Bytes of int32 [rows]: positions of the tokens. */
  readonly positions: number;
  /** [rows, d]: the tokens that leave it, and their gradient, where a head reads them. */
  readonly leaving: { readonly tokens: Matrix; readonly gradient: Matrix } | undefined;
  /** Bytes of int32 [rows], of the rows that go on, and float32 [rows, 1], 1 where a token lives. */
  readonly kept: number;
  readonly live: Matrix;
}

export interface Buffers {
  readonly patches: Matrix;
  /** Bytes of int32 [images · cells], tap by tap: see streamNames. */
  readonly cells: readonly number[];
  readonly target: Matrix;
  readonly logits: Matrix;
  readonly loss: Matrix;
  readonly blocks: readonly BlockBuffers[];
  /** [rows, E]: the gated sum, of one block at a time. */
  readonly y: Matrix;
  /** Gradients of one block at a time; `sets` too. */
  readonly dY: Matrix;
  readonly dResiduals: readonly [Matrix, Matrix];
  readonly dXz: Matrix;
  readonly sets: readonly (SetBuffers & { readonly uInAll: Matrix })[];
}

/** What of a task decides how much room it takes. */
interface HeadSizes {
  readonly backbone: TrainableSpec;
  readonly classes: number;
  readonly answers: number;
  readonly taps: readonly number[];
}

/**
 * @param lengths tokens of each block
 * @param left blocks, from 0, whose tokens the head reads as they leave
 * @param sets sets of projections
 * @param input rows and columns of an image as the first segment reads it
 */
export function placeBuffers(
  arena: Arena,
  { backbone: spec, classes, answers, taps }: HeadSizes,
  batch: number,
  lengths: readonly number[],
  left: ReadonlySet<number>,
  sets: number,
  input: readonly [number, number],
): Buffers {
  const { width: d, innerWidth: E, dtRank: r, stateSize: N } = spec;
  const matrix = (rows: number, columns: number): Matrix => ({
    at: arena.float32(rows * columns).at,
    columns,
  });
  const set = (rows: number): SetBuffers => ({
    u: matrix(rows, E),
    delta: matrix(rows, E),
    projected: matrix(rows, r + 2 * N),
  });
  const most = batch * sequenceLength(spec);
  const blocks = lengths.map((length, block): BlockBuffers => {
    const rows = batch * length;
    return {
      residual: matrix(rows, d),
      xz: matrix(rows, 2 * E),
      ssm: matrix(rows, E),
      sets: Array.from({ length: sets }, () => set(rows)),
      positions: arena.int32(rows).at,
      kept: arena.int32(rows).at,
      live: matrix(rows, 1),
      leaving: left.has(block) ? { tokens: matrix(rows, d), gradient: matrix(rows, d) } : undefined,
    };
  });
  return {
    patches: matrix(batch * input[0], input[1]),
    cells: taps.map(() => arena.int32(most).at),
    target: matrix(batch * answers, classes),
    logits: matrix(batch * answers, classes),
    loss: matrix(1, 1),
    blocks,
    y: matrix(most, E),
    dY: matrix(most, E),
    dResiduals: [matrix(most, d), matrix(most, d)],
    dXz: matrix(most, 2 * E),
    sets: Array.from({ length: sets }, () => ({ ...set(most), uInAll: matrix(most, E) })),
  };
}
