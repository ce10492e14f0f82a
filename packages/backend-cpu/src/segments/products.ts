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
  const placed = (name: string): number => {
    const { data } = weights.get(name)!;
    const region = arena.float32(data.length);
    region.view().set(data);
    return region.at;
  };
  const linear = ({ weight, bias }: LinearNames) => ({
    weight: placed(weight),
    bias: bias === undefined ? undefined : placed(bias),
  });
  const blocks = Array.from({ length: depth }, (_, block) => {
    const { norm, inProjection } = segments.enterNames(block);
    return {
      norm: { ...linear(norm), centred: norm.bias !== undefined, epsilon: norm.epsilon },
      in: linear(inProjection),
      out: linear(segments.leaveNames(block)),
    };
  });
  const product = (rows: number, inner: number, columns: number, from: number, weight: number) => ({
    ...{ rows, inner, columns, transA: false, transB: true, alpha: 1 },
    ...{ a: { at: from, stride: inner }, b: { at: weight, stride: inner } },
  });
  const adjacent = (at: number, stride: number): MatrixPlace => ({ at, stride });
  return {
    enter(block, rows, residual, normed, xz) {
      const { norm, in: own } = blocks[block];
      const { bias, ...rest } = norm;
      kernels.tensors.norm(
        { rows, width: d, ...rest, ...(bias !== undefined && { bias }), x: residual.at },
        normed.at,
      );
      kernels.matmul({
        ...product(rows, d, 2 * E, normed.at, own.weight),
        ...(own.bias !== undefined && { plus: adjacent(own.bias, 0) }),
        to: adjacent(xz.at, 2 * E),
      });
    },
    leave(block, rows, y, residual, to, live) {
      const { weight, bias } = blocks[block].out;
      kernels.matmul({
        ...product(rows, E, d, y.at, weight),
        plus: adjacent(residual.at, d),
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
