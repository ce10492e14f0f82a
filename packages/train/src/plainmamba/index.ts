/** How a PlainMamba is trained. */
import { float32, UserError, type Weights } from '@vssm/core';
import { type PlainMambaSpec, plainMambaGrid, stemConvNames, stemSize } from '@vssm/families';
import { takesGrid, takesStates } from '@vssm/kernels';
import type { WeightNames } from '../engine/flat-parameters.ts';
import type { SegmentWeights, TrainingFamily } from '../family.ts';
import { GridMixing } from './mixing.ts';
import { plainMambaReference } from './reference.ts';
import { plainMambaSegments } from './segments.ts';
import { stemNames } from './stem.ts';
import { windowSizeOf, windowsOf } from './windows.ts';

export const plainMambaTraining: TrainingFamily<PlainMambaSpec> = {
  check,
  inputShape: (spec) => {
    const { height, width } = stemSize(spec);
    return [height * width, windowSizeOf(spec)];
  },
  inputOf: windowsOf,
  projectionSets: ['shared'],
  // By its biases.
  refillsMasked: true,
  segments: plainMambaSegments,
  fresh,
  weights,
  mixing: (parts) => new GridMixing(parts),
  reference: plainMambaReference,
};

/** What the gradients ask of a model. */
function check(spec: PlainMambaSpec): void {
  const { innerWidth, stateSize, convKernel: kernel, depthwiseLayers, positionRows, positionColumns } = spec;
  if (innerWidth % 8 !== 0) {
    throw new UserError(`inner width ${innerWidth} cannot be trained: it must be a multiple of 8`);
  }
  if (!takesStates(stateSize)) {
    throw new UserError(`state size ${stateSize} cannot be trained: it must be a multiple of 4 up to 256`);
  }
  const { height: rows, width: columns } = plainMambaGrid(spec);
  if (!takesGrid({ kernel, rows, columns })) {
    throw new UserError(
      `a ${kernel}x${kernel} convolution on a grid of ${rows}x${columns} cannot be trained: the kernels take sides up to 11`,
    );
  }
  if (depthwiseLayers.length > 0) {
    throw new UserError(
      `layer ${depthwiseLayers[0]} ends in a depthwise convolution, which has no gradient here; choose a PlainMamba without (L2, L3)`,
    );
  }
  if (positionRows !== rows || positionColumns !== columns) {
    throw new UserError(
      `a position embedding of ${positionRows}x${positionColumns} on a grid of ${rows}x${columns} cannot be trained: give images of the size it was made for`,
    );
  }
}

/** The bias of Δ counts twice, so half of it gives the Δ that Mamba begins with. */
function fresh(weights: Weights): Weights {
  return new Map(
    [...weights].map(([name, tensor]) => {
      if (!name.endsWith('.dt_proj.bias')) return [name, tensor];
      return [
        name,
        float32(
          tensor.shape,
          tensor.data.map((bias) => bias / 2),
        ),
      ];
    }),
  );
}

function weights(spec: PlainMambaSpec): SegmentWeights {
  const { width: d, stemWidth: S, patchSize, depth } = spec;
  const embed = 'backbone.patch_embed';
  const convs = [
    { weight: `${embed}.stem.0`, batchNorm: `${embed}.stem.1` },
    ...Array.from({ length: spec.stemConvs }, (_, conv) => stemConvNames(conv)),
  ];
  const ofConvs = (names: (conv: number, weight: string, batchNorm: string) => WeightNames): WeightNames =>
    Object.assign({}, ...convs.map(({ weight, batchNorm }, conv) => names(conv, weight, batchNorm)));
  const layer = (index: number) => `backbone.layers.${index}`;
  const inProjection = (index: number): WeightNames => ({
    norm_weight: `${layer(index)}.norm.weight`,
    norm_bias: `${layer(index)}.norm.bias`,
    in_proj: `${layer(index)}.mamba.in_proj.weight`,
    in_bias: `${layer(index)}.mamba.in_proj.bias`,
  });
  const outProjection = (index: number): WeightNames => ({
    out_proj: `${layer(index)}.mamba.out_proj.weight`,
    out_bias: `${layer(index)}.mamba.out_proj.bias`,
  });
  return {
    embed: {
      ...ofConvs((conv, weight, batchNorm) => {
        const own = stemNames(conv);
        return {
          [own.weight]: [`${weight}.weight`, conv === 0 ? [S, windowSizeOf(spec)] : [S, S, 9]],
          [own.scale]: `${batchNorm}.weight`,
          [own.offset]: `${batchNorm}.bias`,
        };
      }),
      projection_weight: [`${embed}.projection.weight`, [d, S, (patchSize / 2) ** 2]],
      projection_bias: `${embed}.projection.bias`,
      pos_embed: 'backbone.pos_embed',
      ...inProjection(0),
    },
    projections: (index) => ({
      x_proj: `${layer(index)}.mamba.x_proj.weight`,
      dt_proj: `${layer(index)}.mamba.dt_proj.weight`,
    }),
    next: (index) => ({ ...outProjection(index), ...inProjection(index + 1) }),
    head: {
      ...outProjection(depth - 1),
      ln_weight: 'backbone.ln1.weight',
      ln_bias: 'backbone.ln1.bias',
      head_weight: 'head.fc.weight',
      head_bias: 'head.fc.bias',
    },
    statistics: ofConvs((conv, _, batchNorm) => {
      const own = stemNames(conv);
      return { [own.mean]: `${batchNorm}.running_mean`, [own.variance]: `${batchNorm}.running_var` };
    }),
  };
}
