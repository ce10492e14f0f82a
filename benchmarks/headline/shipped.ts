/** The weights that came out of the experiments and ship with the project, on all test images: their logs must be found again. */
import { type Experiment, shippedRow } from '@vssm/bench';
import { densePlan } from '@vssm/families';
import { experiments } from './experiment.ts';

/** The first seed of ToP at the paper's reduction. */
export const shippedArm = { arm: 'decay', seed: 1 } as const;

const [plainMamba] = experiments;
const top = plainMamba.rows.find(
  ({ arm, keep }) => arm === shippedArm.arm && keep === plainMamba.claims[0].keep,
)!;

export const shipped: Experiment = {
  id: plainMamba.id,
  title: plainMamba.title,
  paperFile: null,
  rows: [
    shippedRow('dense', 'dense', 'plainmamba-mini', densePlan),
    shippedRow('after', `${top.label}, fine-tuned`, 'plainmamba-mini-top', top.plan),
  ],
};
