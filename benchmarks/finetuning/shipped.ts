/**
 * The weights that came out of the experiment and ship with the project, on all test images: what their training's
 * log says of them must be found again.
 */
import { type Experiment, shippedRow } from '@vssm/bench';
import { densePlan } from '@vssm/families';
import { experiment } from './experiment.ts';

/** The fine-tuning whose weights ship: the best ToP run. */
const top = experiment.rows.find(({ id }) => id === 'decay@0.7')!;

export const shipped: Experiment = {
  id: experiment.id,
  title: experiment.title,
  paperFile: null,
  rows: [
    shippedRow('dense', 'dense', 'vim-nano-197', densePlan),
    shippedRow('before', `${top.label}, before fine-tuning`, 'vim-nano-197', top.plan),
    shippedRow('after', `${top.label}, fine-tuned`, 'vim-nano-197-top', top.plan),
  ],
};
