/**
 * The paper's claim across tasks, in miniature: an UperNet on a small PlainMamba learns to segment scenes of Fashion-MNIST's
 * articles, and is fine-tuned under every way of pruning with one budget, the dense model too: it is the zero line.
 */
import type { PruningStep } from '@vssm/core';
import { plainMambaSpec } from '@vssm/families';
import {
  type Arm,
  arms,
  denseRow,
  type FinetuningRow,
  finetuningRecipe,
  type PaperRow,
  publishedArms,
  rowOf,
  segmentationSteps,
  segmenterSpec,
  type TrainingExperiment,
  trainingRecipe,
} from '@vssm/train';

/** What `vssm scenes` makes for it. */
export const sceneFolder = { images: 4000, testImages: 500, seed: 0 } as const;

/** Articles and the background. */
const classes = 11;

/** On the embedded PlainMamba, whose 7 x 7 cells become 16 x 16. */
const spec = segmenterSpec(
  plainMambaSpec({
    ...{ imageHeight: 28, imageWidth: 28, inChannels: 1, patchSize: 4, classes: 10 },
    ...{ stemWidth: 32, stemConvs: 1, width: 48, depth: 8, stateSize: 8 },
  }),
  { classes, channels: 32, height: 64, width: 64 },
);

/** Its backbone's FLOPs fall by the paper's 41.6 %, and by half of that. */
const [main, half] = [0.75, 0.904];

/** In table 3 PlainMamba-L3 falls from 49.1 to 48.6 mIoU. */
const margin = 0.5;

const thrice = [0, 1, 2];

const ofTable3 = (method: string): readonly PaperRow[] => [
  { table: 3, row: `plainmamba-l3-upernet-${method}` },
];

function row(arm: Arm, keep: number, seeds: readonly number[]): FinetuningRow {
  const steps = [1, 2, 3, 4, 5, 6, 7].map((after): PruningStep => ({ after, keep }));
  return { ...rowOf(arm, 'plainmamba', keep, steps), seeds };
}

export const experiment: TrainingExperiment<typeof spec> = {
  id: 'scenes',
  title: 'across tasks, in miniature',
  model: 'UperNet on PlainMamba-nano (scenes)',
  dataset: 'scenes of Fashion-MNIST',
  spec,
  dense: {
    ...{ ...trainingRecipe, ...segmentationSteps },
    ...{ epochs: 2, warmupEpochs: 0.1, learningRate: 2e-3 },
  },
  finetuning: { ...finetuningRecipe, ...segmentationSteps, images: 640, learningRate: 5e-4 },
  rows: [
    { ...denseRow(thrice), paper: ofTable3('dense') },
    ...publishedArms.map((arm) => ({
      ...row(arm, main, thrice),
      // The table has ToP alone.
      paper: arm.id === 'decay' ? ofTable3('top') : [],
    })),
    ...publishedArms.map((arm) => row(arm, half, thrice)),
    row(arms.mask, main, [0]),
  ],
  claims: [
    { arm: 'decay', against: 'dense', margin, keep: main },
    { arm: 'decay', against: 'none' },
    { arm: 'decay', against: 'evit' },
  ],
};
