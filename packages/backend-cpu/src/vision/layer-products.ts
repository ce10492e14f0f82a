/**
 * What enters and leaves a PlainMamba layer's mixer, x → xz and y, x → x of what follows: norm and input projection, output
 * projection and residual. By native kernels on the bytes where they lie, where a session would hand out copies of everything;
 * else as ONNX stages.
 */
import type { Weights } from '@vssm/core';
import type { PlainMambaSpec } from '@vssm/families';
import { segmentNames } from '@vssm/graph';
import { visionNames } from '@vssm/vision-tasks/graph';
import type { Buffers } from '../segments/buffers.ts';
import type { BlockSessions } from './block-sessions.ts';
import type { KernelPlace } from './kernel-place.ts';
import type { StageTensor } from './stage.ts';

export interface LayerProducts {
  /** @param x [K, d]; @param xz where [K, 2E] goes */
  enter(layer: number, x: StageTensor, xz: StageTensor): void | Promise<void>;
  /**
   * @param y [K, E]; @param x what `enter` was given
   * @returns [K, d], valid until the next layer is entered, as whose x it may be given back
   */
  leave(layer: number, y: StageTensor, x: StageTensor): StageTensor | Promise<StageTensor>;
}

/** @param sessions one pair per layer; whoever opened them gives them back */
function sessionProducts(sessions: readonly BlockSessions[]): LayerProducts {
  return {
    async enter(layer, x, xz) {
      await sessions[layer].enter.run({ [visionNames.tokens]: x }, { [segmentNames.xz]: xz });
    },
    async leave(layer, y, x) {
      const outputs = await sessions[layer].leave.run({ [segmentNames.y]: y, [visionNames.tokens]: x });
      return outputs[visionNames.nextTokens];
    },
  };
}

/** Where the kernels find what the mixer reads and writes, for all cells of a grid. */
type LayerPlaces = Pick<Buffers, 'residuals' | 'xz' | 'y'>;

/** @param sessions see `sessionProducts`; not needed where the kernels run as native code */
export function layerProducts(
  place: KernelPlace,
  spec: PlainMambaSpec,
  weights: Weights,
  places: LayerPlaces,
  sessions: readonly BlockSessions[],
): LayerProducts {
  if (place.kernels.implementation !== 'native') return sessionProducts(sessions);
  return kernelProducts(place, spec, weights, places);
}

/** Weights are placed in the kernels' memory. */
function kernelProducts(
  { arena, kernels }: KernelPlace,
  spec: PlainMambaSpec,
  weights: Weights,
  places: LayerPlaces,
): LayerProducts {
  const { width: d, innerWidth: E, depth } = spec;
  const [from, to] = places.residuals;
  const placed = (name: string) => {
    const { data } = weights.get(name)!;
    const region = arena.float32(data.length);
    region.view().set(data);
    return region.at;
  };
  const layers = Array.from({ length: depth }, (_, layer) => {
    const own = (name: string) => placed(`backbone.layers.${layer}.${name}`);
    return {
      ...{ normWeight: own('norm.weight'), normBias: own('norm.bias') },
      ...{ inWeight: own('mamba.in_proj.weight'), inBias: own('mamba.in_proj.bias') },
      ...{ outWeight: own('mamba.out_proj.weight'), outBias: own('mamba.out_proj.bias') },
    };
  });
  const shape = { transA: false, transB: true, alpha: 1 };
  return {
    enter(layer, x) {
      const { normWeight, normBias, inWeight, inBias } = layers[layer];
      const [rows] = x.shape;
      from.view().set(x.data);
      const norm = { rows, width: d, centred: true, epsilon: 1e-5, x: from.at };
      kernels.tensors.norm({ ...norm, weight: normWeight, bias: normBias }, to.at);
      kernels.matmul({
        ...{ ...shape, rows, inner: d, columns: 2 * E },
        ...{ a: { at: to.at, stride: d }, b: { at: inWeight, stride: d } },
        ...{ plus: { at: inBias, stride: 0 }, to: { at: places.xz.at, stride: 2 * E } },
      });
    },
    leave(layer, y) {
      // x is where `enter` put it: what it was given may be what it has normed over.
      const { outWeight, outBias } = layers[layer];
      const [rows] = y.shape;
      kernels.matmul({
        ...{ ...shape, rows, inner: E, columns: d },
        ...{ a: { at: places.y.at, stride: E }, b: { at: outWeight, stride: E } },
        ...{ plus: { at: from.at, stride: d }, to: { at: to.at, stride: d } },
      });
      kernels.tensors.binary('add', [1, rows, d], to.at, [0, d, 1], outBias, [0, 0, 1], to.at);
      return { data: to.view().subarray(0, rows * d), shape: [rows, d] };
    },
  };
}
