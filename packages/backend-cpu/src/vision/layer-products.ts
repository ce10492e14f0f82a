/**
 * What enters and leaves a PlainMamba layer's mixer, x → xz and y, x → x of what follows: norm and input projection, output
 * projection and residual. By native kernels on the bytes where they lie, where a session would hand out copies of everything;
 * else as ONNX stages.
 */
import type { Weights } from '@vssm/core';
import { densePlan, type PlainMambaSpec } from '@vssm/families';
import { modelSegments } from '@vssm/families/graph';
import { segmentNames } from '@vssm/graph';
import { visionNames } from '@vssm/vision-tasks/graph';
import type { Buffers } from '../segments/buffers.ts';
import { kernelProducts } from '../segments/products.ts';
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
  return onKernels(place, spec, weights, places);
}

/** See `kernelProducts` of segments/products.ts. */
function onKernels(
  place: KernelPlace,
  spec: PlainMambaSpec,
  weights: Weights,
  { residuals: [from, to], xz, y }: LayerPlaces,
): LayerProducts {
  const { width: d } = spec;
  const products = kernelProducts({ spec, weights, ...place }, modelSegments(spec, weights, densePlan));
  return {
    enter(layer, x) {
      from.view().set(x.data);
      products.enter(layer, x.shape[0], from, to, xz);
    },
    leave(layer, { shape: [rows] }) {
      // x is where `enter` put it: what it was given may be what it has normed over.
      products.leave(layer, rows, y, from, to);
      return { data: to.view().subarray(0, rows * d), shape: [rows, d] };
    },
  };
}
