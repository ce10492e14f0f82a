/** The weights that came out of the experiments and ship with the project, on all test images: their logs must be found again. */
import { type Experiment, type ModelId, shippedRow } from '@vssm/bench';
import { densePlan } from '@vssm/families';
import { experiments } from './experiment.ts';

/** The first seed of ToP at the paper's reduction. */
export const shippedArm = { arm: 'decay', seed: 1 } as const;

type Family = (typeof experiments)[number]['spec']['family'];

/** The dense weights and ToP's, by family. */
export const shippedModels = {
  plainmamba: ['plainmamba-mini', 'plainmamba-mini-top'],
  vim: ['vim-mini', 'vim-mini-top'],
} as const satisfies Partial<Readonly<Record<Family, readonly [ModelId, ModelId]>>>;

export const shipped: readonly Experiment[] = experiments.map(({ id, title, spec, rows, claims }) => {
  const [dense, fineTuned] = shippedModels[spec.family as keyof typeof shippedModels];
  const top = rows.find(({ arm, keep }) => arm === shippedArm.arm && keep === claims[0].keep)!;
  return {
    ...{ id, title },
    paperFile: null,
    rows: [
      shippedRow('dense', 'dense', dense, densePlan),
      shippedRow('after', `${top.label}, fine-tuned`, fineTuned, top.plan),
    ],
  };
});
