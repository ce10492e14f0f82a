/**
 * Table 2 of the paper: box and mask AP on COCO 2017. Its rows run where images, annotations and checkpoints are
 * given; the smallest detector on made-up pictures runs always, to show that everything does.
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
  id: 'table2-coco',
  title: 'detection and instance segmentation',
  paperFile: fileURLToPath(new URL('./paper.json', import.meta.url)),
  rows: [
    ...visionSmokeRows('micro-maskrcnn'),
    ...models.flatMap((model) =>
      [null, top].map((arm) => {
        const row = `${model}-maskrcnn-${arm?.id ?? 'dense'}`;
        return plainMambaVisionRow(model, 'maskrcnn', arm, { table: 2, row });
      }),
    ),
    ...models.flatMap((model) => [
      plainMambaVisionRow(model, 'retinanet', null, { table: 2, row: `${model}-retinanet-dense` }),
      plainMambaVisionRow(model, 'retinanet', top, null),
    ]),
  ],
};
