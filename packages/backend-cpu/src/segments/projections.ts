/**
 * From the convolved input to what the scan is made of, u → dt, B, C and Δ. These products are small and thin: native
 * kernels compute them at the rate of large ones, where ONNX Runtime reaches a third of it for Δ and copies what it
 * hands out. WebAssembly's are slower than ONNX Runtime's.
 */
import type { Weights } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import { type Segments, segmentNames } from '@vssm/graph';
import type { Arena, Kernels } from '@vssm/kernels';
import type { InferenceSession } from 'onnxruntime-node';
import type { Buffers } from './buffers.ts';
import { placePacked } from './products.ts';
import type { SessionRunner, Tensors } from './runner.ts';

export interface Projections {
  /** u of every set's first rows → projected and delta. */
  run(block: number, rows: number): void | Promise<void>;
}

/** By ONNX Runtime. @param sessions one per block; whoever opened them gives them back */
export function sessionProjections(
  sessions: readonly InferenceSession[],
  { innerWidth: E, stateSize: N, dtRank: r }: ModelSpec,
  buffers: Buffers,
  runner: SessionRunner,
): Projections {
  const tensors = (of: (own: Buffers['sets'][number]) => [string, Tensors[string]][]): Tensors =>
    Object.fromEntries(buffers.sets.flatMap(of));
  return {
    async run(block, rows) {
      const inputs = tensors(({ set, u }) => [[segmentNames.u(set), runner.tensor(u, [rows, E])]]);
      const outputs = tensors(({ set, projected, delta }) => [
        [segmentNames.projected(set), runner.tensor(projected, [rows, r + 2 * N])],
        [segmentNames.delta(set), runner.tensor(delta, [rows, E])],
      ]);
      await runner.run(sessions[block], inputs, outputs);
    },
  };
}

/** By the kernels, in whose memory the weights are placed. */
export function kernelProjections(
  { spec, weights, arena, kernels }: KernelContext,
  segments: Pick<Segments, 'projectionNames'>,
  buffers: Buffers,
): Projections {
  const { innerWidth: E, stateSize: N, dtRank: r } = spec;
  const columns = r + 2 * N;
  const packed = placePacked(arena, kernels);
  const placed = (name: string, inner: number, outer: number) =>
    packed(weights.get(name)!.data, inner, outer);
  const blocks = Array.from({ length: spec.depth }, (_, block) =>
    segments.projectionNames(block).map(({ set, xProj, dtProj }) => ({
      own: buffers.sets.find((buffer) => buffer.set === set)!,
      xProj: placed(xProj, E, columns),
      dtProj: placed(dtProj, r, E),
    })),
  );
  return {
    run(block, rows) {
      for (const { own, xProj, dtProj } of blocks[block]) {
        const projected = { at: own.projected.at, stride: columns };
        kernels.packed!.matmul({ ...xProj, rows, a: { at: own.u.at, stride: E }, to: projected });
        kernels.packed!.matmul({ ...dtProj, rows, a: projected, to: { at: own.delta.at, stride: E } });
      }
    },
  };
}

interface KernelContext {
  readonly spec: ModelSpec;
  readonly weights: Weights;
  readonly arena: Arena;
  readonly kernels: Kernels;
}
