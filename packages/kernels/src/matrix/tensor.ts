/**
 * Operations of training's segments on float32 numbers in the kernels' memory, beside products: tensor.asm.ts behind
 * names and checks. Their twin is the plain evaluation of segments (packages/train, autodiff/evaluate.ts).
 */
import { checkVector } from '../rows.ts';
import type { WasmMemory } from '../webassembly.ts';

/** Up to three axes, and for each the floats from one entry to the next; 0 repeats. */
export type Axes = readonly [number, number, number];

export interface TensorKernels {
  /** to [axes], adjacent, = a + b or a · b; the last axis' strides are 0 or 1. */
  binary(
    op: 'add' | 'mul',
    axes: Axes,
    a: number,
    aStrides: Axes,
    b: number,
    bStrides: Axes,
    to: number,
  ): void;
  /** to = scale · x + shift */
  affine(count: number, scale: number, shift: number, x: number, to: number): void;
  /** to = max(x, 0); `slope`: 1 where x > 0, else 0 */
  rectify(count: number, slope: boolean, x: number, to: number): void;
  /** The last axis of `to` is adjacent. */
  copy(axes: Axes, x: number, xStrides: Axes, to: number, toStrides: Axes): void;
  /** [outer, middle, inner] → [outer, inner] */
  sum(outer: number, middle: number, inner: number, x: number, to: number): void;
  norm(options: NormOptions, to: number): void;
  normBackward(
    options: NormOptions,
    dy: number,
    dx: number,
    dWeight: number,
    dBias: number | undefined,
  ): void;
  /** Rows by number: to[i] = x[indices[i]], or, scattered, to[indices[i]] = x[i]. `all`: rows of the side that is picked from. */
  moveRows(
    count: number,
    all: number,
    width: number,
    scattered: boolean,
    indices: number,
    x: number,
    to: number,
  ): void;
}

/** Byte offsets; see Trace.norm of packages/train. */
export interface NormOptions {
  readonly rows: number;
  readonly width: number;
  readonly centred: boolean;
  readonly epsilon: number;
  readonly x: number;
  readonly weight: number;
  readonly bias?: number;
}

/** The module's exports; arguments as in tensor.asm.ts. */
export interface TensorExports {
  binary(...numbers: number[]): void;
  affine(...numbers: number[]): void;
  rectify(...numbers: number[]): void;
  copy(...numbers: number[]): void;
  sum(...numbers: number[]): void;
  norm(...numbers: number[]): void;
  normBackward(...numbers: number[]): void;
  moveRows(...numbers: number[]): void;
}

export function tensorKernels(module: TensorExports, memory: WasmMemory): TensorKernels {
  const check = (name: string, at: number, count: number) => checkVector(memory, name, at, count);
  const strided = (name: string, at: number, axes: Axes, strides: Axes) => {
    check(name, at, 1 + axes.reduce((last, length, axis) => last + (length - 1) * strides[axis], 0));
  };
  return {
    binary(op, axes, a, aStrides, b, bStrides, to) {
      strided('a', a, axes, aStrides);
      strided('b', b, axes, bStrides);
      check('to', to, axes[0] * axes[1] * axes[2]);
      module.binary(op === 'mul' ? 1 : 0, ...axes, a, ...aStrides, b, ...bStrides, to);
    },
    affine(count, scale, shift, x, to) {
      check('x', x, count);
      check('to', to, count);
      module.affine(count, scale, shift, x, to);
    },
    rectify(count, slope, x, to) {
      check('x', x, count);
      check('to', to, count);
      module.rectify(count, slope ? 1 : 0, x, to);
    },
    copy(axes, x, xStrides, to, toStrides) {
      strided('x', x, axes, xStrides);
      strided('to', to, axes, toStrides);
      module.copy(...axes, x, ...xStrides, to, toStrides[0], toStrides[1]);
    },
    sum(outer, middle, inner, x, to) {
      check('x', x, outer * middle * inner);
      check('to', to, outer * inner);
      module.sum(outer, middle, inner, x, to);
    },
    norm({ rows, width, centred, epsilon, x, weight, bias }, to) {
      check('x', x, rows * width);
      check('weight', weight, width);
      if (bias !== undefined) check('bias', bias, width);
      check('to', to, rows * width);
      module.norm(rows, width, centred ? 1 : 0, epsilon, x, weight, bias ?? 0, to);
    },
    normBackward({ rows, width, centred, epsilon, x, weight }, dy, dx, dWeight, dBias) {
      for (const [name, at] of Object.entries({ x, dy, dx })) check(name, at, rows * width);
      for (const [name, at] of Object.entries({ weight, dWeight })) check(name, at, width);
      if (dBias !== undefined) check('dBias', dBias, width);
      module.normBackward(rows, width, centred ? 1 : 0, epsilon, x, weight, dy, dx, dWeight, dBias ?? 0);
    },
    moveRows(count, all, width, scattered, indices, x, to) {
      check('indices', indices, count);
      for (const index of new Int32Array(memory.buffer, indices, count)) {
        if (!(index >= 0 && index < all))
          throw new RangeError(`a row number is ${index}, there are ${all} rows`);
      }
      check('x', x, (scattered ? count : all) * width);
      check('to', to, (scattered ? all : count) * width);
      module.moveRows(count, width, scattered ? 1 : 0, indices, x, to);
    },
  };
}
