/**
 * Table 3 of the paper: mIoU on ADE20K. Its rows run where images and checkpoints are given; the smallest segmenter
 * on made-up pictures runs always, to show that everything does.
 */
import { fileURLToPath } from 'node:url';
import {
  type Experiment,
  type PlainMambaModel,
  plainMambaVisionRow,
  top,
  visionSmokeRows,
} from '@vssm/bench';

const models: readonly PlainMambaModel[] = ['plainmamba-l1', 'plainmamba-l2', 'plainmamba-l3'];

export const experiment: Experiment = {
  id: 'table3-ade20k',
  title: 'semantic segmentation',
  paperFile: fileURLToPath(new URL('./paper.json', import.meta.url)),
  rows: [
    ...visionSmokeRows('micro-upernet'),
    ...models.flatMap((model) =>
      [null, top].map((arm) => {
        const row = `${model}-upernet-${arm?.id ?? 'dense'}`;
        return plainMambaVisionRow(model, 'upernet', arm, { table: 3, row });
      }),
    ),
  ],
};
