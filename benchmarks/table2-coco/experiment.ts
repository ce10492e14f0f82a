/**
 * Table 2 of the paper: box and mask AP on COCO 2017. Its rows run where images, annotations and checkpoints are
 * given; the smallest detector on made-up pictures runs always, to show that everything does.
 */
import { fileURLToPath } from 'node:url';
import { denseSmokeRows, type Experiment, type PlainMambaModel, plainMambaDenseRow, top } from '@vssm/bench';

const models: readonly PlainMambaModel[] = ['plainmamba-l1', 'plainmamba-l2', 'plainmamba-l3'];

export const experiment: Experiment = {
  id: 'table2-coco',
  title: 'detection and instance segmentation',
  paperFile: fileURLToPath(new URL('./paper.json', import.meta.url)),
  rows: [
    ...denseSmokeRows('micro-maskrcnn'),
    ...models.flatMap((model) =>
      [null, top].map((arm) => {
        const row = `${model}-maskrcnn-${arm?.id ?? 'dense'}`;
        return plainMambaDenseRow(model, 'maskrcnn', arm, { table: 2, row });
      }),
    ),
    ...models.flatMap((model) => [
      plainMambaDenseRow(model, 'retinanet', null, { table: 2, row: `${model}-retinanet-dense` }),
      plainMambaDenseRow(model, 'retinanet', top, null),
    ]),
  ],
};
