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
  const own = (name: string) => weights.get(name)!.data;
  const packed = placePacked(arena, kernels);
  /** Of the columns from `first` on. */
  const linear = ({ weight, bias }: LinearNames, inner: number, columns: number, first = 0) => {
    const end = first + columns;
    return {
      ...packed(own(weight).subarray(first * inner, end * inner), inner, columns),
      bias: bias === undefined ? undefined : arena.place(own(bias).subarray(first, end)).at,
    };
  };
  const blocks = Array.from({ length: depth }, (_, block) => {
    const { norm, inProjection } = segments.enterNames(block);
    return {
      norm: {
        ...{ width: d, centred: norm.bias !== undefined, epsilon: norm.epsilon },
        weight: arena.place(own(norm.weight)).at,
        ...(norm.bias !== undefined && { bias: arena.place(own(norm.bias)).at }),
      },
      // One for x and one for z: threads that share a product by columns have the channels that they go on with.
      in: [0, E].map((first) => ({ first, ...linear(inProjection, d, E, first) })),
      out: linear(segments.leaveNames(block), E, d),
    };
  });
  const adjacent = (at: number, stride: number): MatrixPlace => ({ at, stride });
  return {
    enter(block, rows, residual, normed, xz) {
      const { norm, in: halves } = blocks[block];
      kernels.tensors.norm({ ...norm, rows, x: residual.at }, normed.at);
      for (const { first, bias, ...product } of halves) {
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

/** What a product by it is told. */
interface PackedMatrix {
  readonly inner: number;
  readonly columns: number;
  readonly packed: number;
}

/** Places matrices [columns, inner] as native products want them. */
export function placePacked(
  arena: Arena,
  kernels: Kernels,
): (matrix: Float32Array, inner: number, columns: number) => PackedMatrix {
  const { packed } = kernels;
  if (packed === undefined) throw new Error('only native kernels multiply by packed matrices');
  return (matrix, inner, columns) => {
    const to = arena.float32(packed.floats(inner, columns)).at;
    const mark = arena.mark();
    packed.pack({ inner, columns, b: { at: arena.place(matrix).at, stride: inner }, transB: true }, to);
    arena.release(mark);
    return { inner, columns, packed: to };
  };
}
