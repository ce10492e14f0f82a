/** How a family of Vim's bidirectional blocks is trained; Vim's own. */
import type { Places } from '@vssm/backend-cpu';
import { UserError, type Weights } from '@vssm/core';
import {
  type BidirectionalModel,
  type BidirectionalSpec,
  type BidirectionalTraits,
  directionParameterNames,
  patchCount,
  type TrainableSpec,
  type VimSpec,
  vimTraits,
} from '@vssm/families';
import type { WeightNames } from '../engine/flat-parameters.ts';
import type { Mixing, MixingParts, SegmentWeights, TrainingFamily } from '../family.ts';
import { HandOut } from './hand-out.ts';
import { BlockMixer } from './mixer.ts';
import { patchesOf, patchSizeOf } from './patches.ts';
import { bidirectionalGradient } from './reference.ts';
import { bidirectionalTraces, directions } from './segments.ts';

export function bidirectionalTraining<Spec extends TrainableSpec & BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
): TrainingFamily<Spec> {
  return {
    check,
    inputShape: (spec) => [patchCount(spec), patchSizeOf(spec)],
    inputOf: patchesOf,
    projectionSets: directions,
    // Without biases, a token that is zero stays zero.
    refillsMasked: false,
    segments: bidirectionalTraces(traits),
    fresh: (weights) => asAveraged(weights, traits.share),
    weights: (spec) => segmentWeights(traits, spec),
    mixing: (parts) => mixing(parts, traits.share),
    reference: bidirectionalGradient(traits),
  };
}

export const vimTraining = bidirectionalTraining<VimSpec>(vimTraits);

/** Output projections narrowed where the directions count more than in their mean: whatever the sum, a model begins alike. */
function asAveraged(weights: Weights, share: number): Weights {
  return new Map(
    [...weights].map(([name, tensor]) => {
      const data = tensor.data.map((value) => value / (2 * share));
      return [name, name.endsWith('out_proj.weight') ? { ...tensor, data } : tensor];
    }),
  );
}

/** What the gradient kernels ask of a model. */
function check({ innerWidth, stateSize, convKernel }: BidirectionalSpec): void {
  if (innerWidth % 8 !== 0) {
    throw new UserError(`inner width ${innerWidth} cannot be trained: it must be a multiple of 8`);
  }
  if (stateSize % 4 !== 0 || stateSize > 256) {
    throw new UserError(`state size ${stateSize} cannot be trained: it must be a multiple of 4 up to 256`);
  }
  if (convKernel > 8) {
    throw new UserError(`${convKernel} convolution taps cannot be trained: at most 8`);
  }
}

function segmentWeights<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
): SegmentWeights {
  const own = (block: number, name: string) => `layers.${block}.mixer.${name}.weight`;
  const inProjection = (block: number): WeightNames => ({
    norm: `layers.${block}.norm.weight`,
    in_proj: own(block, 'in_proj'),
  });
  return {
    embed: {
      // The convolution's kernel, one row per output.
      patch_weight: ['patch_embed.proj.weight', [spec.width, patchSizeOf(spec)]],
      patch_bias: 'patch_embed.proj.bias',
      cls_token: 'cls_token',
      pos_embed: 'pos_embed',
      ...(traits.positionEmbedding === 'apart' && { pos_embed_cls: 'pos_embed_cls' }),
      ...inProjection(0),
    },
    projections: (block) =>
      Object.fromEntries(
        directions.flatMap((one) => {
          const { xProj, dtProj } = directionParameterNames[one];
          return [
            [`x_proj_${one}`, own(block, xProj)],
            [`dt_proj_${one}`, own(block, dtProj)],
          ];
        }),
      ),
    next: (block) => ({ out_proj: own(block, 'out_proj'), ...inProjection(block + 1) }),
    head: {
      out_proj: own(spec.depth - 1, 'out_proj'),
      norm_f: 'norm_f.weight',
      ...(traits.reduction(spec) > 1 && { neck: 'neck.weight', norm_neck: 'norm_neck.weight' }),
      head_weight: 'head.weight',
      head_bias: 'head.bias',
    },
    statistics: {},
  };
}

function mixing(parts: MixingParts<BidirectionalModel>, share: number): Mixing {
  const { arena, buffers } = parts;
  const mixer = new BlockMixer(parts);
  const handOut = new HandOut(parts, share, (block, direction) => mixer.a(block, direction));
  return {
    parametersChanged: () => mixer.parametersChanged(),
    arrange(block, { positions, length }: Places) {
      const at = buffers.blocks[block].positions;
      const to = new Int32Array(arena.memory.buffer, at, positions.length * length);
      for (const [image, own] of positions.entries()) to.set(own, image * length);
    },
    convolve: (job) => mixer.convolve(job),
    scan(job, scored) {
      mixer.scan(job, scored ? handOut.own : undefined);
      if (scored) handOut.begin(job);
    },
    source: (job, image) => handOut.source(job, image),
    gate: (job) => mixer.gate(job),
    scanBackward: (job) => mixer.scanBackward(job),
    convBackward: (job) => mixer.convBackward(job),
  };
}
