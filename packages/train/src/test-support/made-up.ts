/** For the tests: small random models and images. */
import { type PruningPlan, uniformNumbers, type Weights } from '@vssm/core';
import {
  type MambaRegSpec,
  mambaRegSpec,
  modelTensors,
  type PlainMambaSpec,
  plainMambaGrid,
  plainMambaSpec,
  pruningPlan,
  randomWeights,
  stemSize,
  type TrainableSpec,
  type VideoMambaSpec,
  type VimSpec,
  vimSpec,
} from '@vssm/families';
import type { Parameters64 } from '../reference/gradients.ts';

/** 4x4 patches of two pixels a side, 17 tokens. */
export function smallSpec(shape: Partial<Omit<VimSpec, 'family'>> = {}): VimSpec {
  return vimSpec({
    width: 8,
    depth: 3,
    dtRank: 2,
    stateSize: 4,
    imageHeight: 8,
    imageWidth: 8,
    inChannels: 1,
    patchSize: 2,
    stride: 2,
    classes: 3,
    ...shape,
  });
}

/** The same with the class token first and the directions added. */
export function smallVideoSpec(shape: Partial<Omit<VimSpec, 'family'>> = {}): VideoMambaSpec {
  return { ...smallSpec(shape), family: 'videomamba' };
}

/** The same with three registers, and a neck that leaves half of each; groups of four patches, and four that are left. */
export function smallRegisterSpec(shape: Partial<Omit<MambaRegSpec, 'family'>> = {}): MambaRegSpec {
  const registers = { registers: 3, reduction: 1, ...shape };
  return mambaRegSpec({ ...smallSpec(shape), ...registers });
}

/** 3x4 cells of four pixels a side, of which the last row and column hang over the picture's border. */
export function smallPlainSpec(shape: Partial<Omit<PlainMambaSpec, 'family'>> = {}): PlainMambaSpec {
  const spec = plainMambaSpec({
    width: 8,
    depth: 3,
    stemConvs: 1,
    stemWidth: 4,
    dtRank: 2,
    stateSize: 4,
    convKernel: 3,
    imageHeight: 10,
    imageWidth: 14,
    inChannels: 1,
    patchSize: 4,
    classes: 3,
    ...shape,
  });
  const { height, width } = plainMambaGrid(spec);
  return { ...spec, positionRows: height, positionColumns: width };
}

/** Every alignment that PlainMamba has, and each signal once. */
export const plainPlans: Readonly<Record<string, PruningPlan>> = {
  dense: pruningPlan({ schedule: [] }, 'plainmamba'),
  decay: pruningPlan({ schedule: steps(), alignment: 'decay' }, 'plainmamba'),
  'decay, ssm': pruningPlan(
    { schedule: steps(), alignment: 'decay', signal: 'ssm', reduce: 'l2' },
    'plainmamba',
  ),
  none: pruningPlan({ schedule: steps(), alignment: 'none', signal: 'evit' }, 'plainmamba'),
  mask: pruningPlan({ schedule: steps(), alignment: 'mask' }, 'plainmamba'),
  random: pruningPlan({ schedule: steps(), signal: 'random', seed: 4 }, 'plainmamba'),
  'a step after the last layer': pruningPlan({ schedule: [{ after: 3, keep: 0.5 }] }, 'plainmamba'),
  'mask, a step after the last layer': pruningPlan(
    { schedule: [{ after: 3, keep: 0.5 }], alignment: 'mask' },
    'plainmamba',
  ),
};

/** The same for registers, which have no middle to be put in. */
export function registerPlans(): Readonly<Record<string, PruningPlan>> {
  const { 'none, recentred': _, ...others } = plans;
  return others;
}

/** Every alignment, both convolutions, and each signal once. */
export const plans: Readonly<Record<string, PruningPlan>> = {
  dense: pruningPlan({ schedule: [] }),
  decay: pruningPlan({ schedule: steps(), alignment: 'decay' }),
  'decay, compact': pruningPlan({ schedule: steps(), alignment: 'decay', conv: 'compact', signal: 'ssm' }),
  none: pruningPlan({ schedule: steps(), alignment: 'none', signal: 'evit' }),
  'none, positional': pruningPlan({ schedule: steps(), alignment: 'none', conv: 'positional', reduce: 'l2' }),
  'none, recentred': pruningPlan({
    schedule: steps(),
    alignment: 'none',
    tokenOrder: 'recentred',
    signal: 'gated-backward',
    reduce: 'sum',
    order: 'mirrored',
  }),
  mask: pruningPlan({ schedule: steps(), alignment: 'mask' }),
  random: pruningPlan({ schedule: steps(), signal: 'random', seed: 4 }),
};

function steps() {
  return [
    { after: 1, keep: 0.7 },
    { after: 2, keep: 0.7 },
  ];
}

export function randomImage(spec: TrainableSpec, seed: number): Float32Array {
  const uniform = uniformNumbers(seed);
  const size = spec.inChannels * spec.imageHeight * spec.imageWidth;
  return Float32Array.from({ length: size }, () => 4 * uniform() - 2);
}

/** Random weights, livelier than a fresh model's, in which embeddings hardly matter. */
export function livelyParameters(spec: TrainableSpec, seed: number): Parameters64 {
  const uniform = uniformNumbers(seed + 1);
  return new Map(
    [...randomWeights(spec, seed)].map(([name, { data }]) => [
      name,
      Float64Array.from(data, (value) => value + 0.4 * (uniform() - 0.5)),
    ]),
  );
}

/**
 * Parameters as weights for the project's reference, in float64 all the same, with a micro-batch's statistics as the
 * running ones: what inference would have to run on to do what training did.
 */
export function inferenceWeights(
  spec: TrainableSpec,
  parameters: Parameters64,
  statistics: ReadonlyMap<string, Float64Array>,
  images: number,
): Weights {
  const stem = spec.family === 'plainmamba' ? stemSize(spec) : { height: 0, width: 0 };
  const rows = images * stem.height * stem.width;
  return new Map(
    [...modelTensors(spec)].map(([name, shape]) => {
      // Running variances are unbiased ones; a layer in training normalises by the biased one.
      const share = name.endsWith('running_var') ? (rows - 1) / rows : 1;
      const data = statistics.get(name)?.map((value) => value * share) ?? parameters.get(name)!;
      return [name, { dtype: 'F32', shape, data: data as unknown as Float32Array }];
    }),
  );
}
