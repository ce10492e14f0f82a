/**
 * What lies between two mixers, by native kernels on the bytes where they lie: y → the residual stream → norm → xz. ONNX
 * Runtime's products are as fast, but its Node binding hands out a copy of every output, in memory that is new each time,
 * and xz is a model's largest tensor.
 */
import type { Weights } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import type { LinearNames, Segments } from '@vssm/graph';
import type { Arena, Kernels, MatrixPlace } from '@vssm/kernels';
import type { Floats } from './buffers.ts';

export interface BlockProducts {
  /**
   * The residual stream [rows, d] → a block's xz.
   *
   * @param normed room for as many rows
   */
  enter(block: number, rows: number, residual: Floats, normed: Floats, xz: Floats): void;
  /**
   * y [rows, E] and the residual stream → the residual stream with y's projection added.
   *
   * @param live see `Hooks.live`
   */
  leave(block: number, rows: number, y: Floats, residual: Floats, to: Floats, live?: Floats): void;
}

/** Places the weights in the kernels' memory. */
export function kernelProducts(
  {
    spec,
    weights,
    arena,
    kernels,
  }: {
    readonly spec: Pick<ModelSpec, 'width' | 'innerWidth' | 'depth'>;
    readonly weights: Weights;
    readonly arena: Arena;
    readonly kernels: Kernels;
  },
  segments: Pick<Segments, 'enterNames' | 'leaveNames'>,
): BlockProducts {
  const { width: d, innerWidth: E, depth } = spec;
  const placed = (name: string, first = 0, count?: number): number => {
    const { data } = weights.get(name)!;
    const own = data.subarray(first, count === undefined ? undefined : first + count);
    const region = arena.float32(own.length);
    region.view().set(own);
    return region.at;
  };
  const packed = placePacked(arena, kernels);
  /** Of the columns from `first` on. */
  const linear = ({ weight, bias }: LinearNames, inner: number, columns: number, first = 0) => {
    const own = weights.get(weight)!.data.subarray(first * inner, (first + columns) * inner);
    return {
      ...{ inner, columns, packed: packed(own, inner, columns) },
      bias: bias === undefined ? undefined : placed(bias, first, columns),
    };
  };
  const blocks = Array.from({ length: depth }, (_, block) => {
    const { norm, inProjection } = segments.enterNames(block);
    return {
      norm: {
        ...{ width: d, centred: norm.bias !== undefined, epsilon: norm.epsilon },
        weight: placed(norm.weight),
        ...(norm.bias !== undefined && { bias: placed(norm.bias) }),
      },
      // One for x and one for z: threads that share a product by columns have the channels that they go on with.
      in: [0, E].map((first) => ({ first, ...linear(inProjection, d, E, first) })),
      out: linear(segments.leaveNames(block), E, d),
    };
  });
  const adjacent = (at: number, stride: number): MatrixPlace => ({ at, stride });
  return {
    enter(block, rows, residual, normed, xz) {
      const { norm, in: own } = blocks[block];
      kernels.tensors.norm({ ...norm, rows, x: residual.at }, normed.at);
      for (const { first, bias, ...product } of own) {
        kernels.packed!.matmul({
          ...{ ...product, rows, a: adjacent(normed.at, d), to: adjacent(xz.at + 4 * first, 2 * E) },
          ...(bias !== undefined && { plus: adjacent(bias, 0) }),
        });
      }
    },
    leave(block, rows, y, residual, to, live) {
      const { bias, ...product } = blocks[block].out;
      kernels.packed!.matmul({
        ...{ ...product, rows, a: adjacent(y.at, E), plus: adjacent(residual.at, d) },
        to: adjacent(to.at, d),
      });
      if (bias !== undefined) {
        kernels.tensors.binary('add', [1, rows, d], to.at, [0, d, 1], bias, [0, 0, 1], to.at);
      }
      if (live !== undefined) {
        kernels.tensors.binary('mul', [1, rows, d], to.at, [0, d, 1], live.at, [0, 1, 0], to.at);
      }
    },
  };
}

/** Places matrices [columns, inner] as native products want them: → byte offsets. */
export function placePacked(
  arena: Arena,
  kernels: Kernels,
): (matrix: Float32Array, inner: number, columns: number) => number {
  const { packed } = kernels;
  if (packed === undefined) throw new Error('only native kernels multiply by packed matrices');
  return (matrix, inner, columns) => {
    const to = arena.float32(packed.floats(inner, columns)).at;
    const mark = arena.mark();
    const region = arena.float32(matrix.length);
    region.view().set(matrix);
    packed.pack({ inner, columns, b: { at: region.at, stride: inner }, transB: true }, to);
    arena.release(mark);
    return to;
  };
}
