/** What the kernels need of a PlainMamba's weights, laid out once in the kernels' memory. */
import type { Weights } from '@vssm/core';
import type { PlainMambaSpec } from '@vssm/families';
import { foldedBatchNorm } from '@vssm/graph';
import { type Arena, tapsFirst } from '@vssm/kernels';
import type { ChannelRange } from '../mixer.ts';

/** A mixer's parameters for C of the channels, as byte offsets into the memory. */
export interface LayerParameters {
  /** [k · k, C] */
  readonly taps: number;
  /** [C] */
  readonly convBias: number;
  /** [C], twice dt_proj's bias: once of the projection and once more, added inside the scan */
  readonly deltaBias: number;
  /** [C, N], negative */
  readonly a: number;
  /** [C] */
  readonly d: number;
  /** [5, N] */
  readonly directionB: number;
}

export function placeParameters(
  arena: Arena,
  spec: PlainMambaSpec,
  weights: Weights,
  { first, count }: ChannelRange,
): readonly LayerParameters[] {
  return Array.from({ length: spec.depth }, (_, layer) => {
    const all = (name: string) => weights.get(`backbone.layers.${layer}.mamba.${name}`)!.data;
    const own = (name: string) => {
      const data = all(name);
      const perChannel = data.length / spec.innerWidth;
      return data.subarray(first * perChannel, (first + count) * perChannel);
    };
    const place = (values: Float32Array) => arena.place(values).at;
    return {
      taps: place(tapsFirst(own('conv2d.weight'), count)),
      convBias: place(own('conv2d.bias')),
      deltaBias: place(own('dt_proj.bias').map((bias) => 2 * bias)),
      a: place(own('A_log').map((value) => -Math.exp(value))),
      d: place(own('D')),
      directionB: place(all('direction_Bs')),
    };
  });
}

/** The 3x3 convolution that a layer ends in, its BatchNorm folded into it: byte offsets of [9, d] and [d]. */
export interface LayerConvolution {
  readonly taps: number;
  readonly bias: number;
}

/** By layer. */
export function placeLayerConvolutions(
  arena: Arena,
  spec: PlainMambaSpec,
  weights: Weights,
): ReadonlyMap<number, LayerConvolution> {
  return new Map(
    spec.depthwiseLayers.map((layer) => {
      const prefix = `backbone.layers.${layer}.dw`;
      const { weight, bias } = foldedBatchNorm(weights, `${prefix}.0`, `${prefix}.1`);
      return [layer, { taps: arena.place(tapsFirst(weight, spec.width)).at, bias: arena.place(bias).at }];
    }),
  );
}
