/** How far below its zero line every row of an experiment ended, level by level, beside the paper's own distance. */
import { counted } from '@vssm/core';
import type { PaperTable } from '@vssm/results';
import { beforeOf, denseOf, measureOf, type TrainedRecord, type TrainedRow } from '@vssm/results/trained';
import { belowDense, placeOf, zeroLine } from '../../below-dense.ts';
import { points, signed, whole } from '../../format.ts';
import { html, type Markup } from '../../html.ts';
import { method, planName } from '../../plan-names.ts';
import { groupRow, scheduleText, table } from '../section.ts';
import { ending } from './ending.ts';

/** @param record one with a zero line */
export function belowDenseTable(record: TrainedRecord, tables: readonly PaperTable[]): Markup {
  const { dataset, model, recipes } = record;
  const zero = zeroLine(record)!;
  const measure = measureOf(record);
  const { flops } = placeOf(record);
  const head = html`<tr><th scope="col">pruning</th><th scope="col" class="number">before<small>${measure.name}, %</small></th>
<th scope="col" class="number">after<small>mean ± deviation</small></th><th scope="col" class="number">to dense<small>points, 95 %</small></th>
<th scope="col" class="number">the paper<small>points</small></th></tr>`;
  const before = (row: TrainedRow) => html`<td class="number">${points(beforeOf(record, row), 2)}</td>`;
  const levels = [...Map.groupBy(belowDense(record, tables), ({ row }) => row.keep).values()];
  const lines = levels.flatMap((own) => {
    const [{ row }] = own;
    // Alignment has its own price, so rows of equally many tokens differ; a mask saves nothing, and is no measure.
    const saved = own.map(({ reduction }) => reduction).filter((part) => part > 0);
    const range = new Set([Math.min(...saved), Math.max(...saved)].map((part) => signed(-100 * part, 1)));
    const title = html`${[...range].join(' to ')} % ${flops}, ${scheduleText(row.schedule)}: ${row.tokens.join(' → ')} tokens`;
    return [
      groupRow(title, 5),
      ...own.map(
        ({ row: one, gain, interval, published }) =>
          html`<tr class="${method(one.plan, model) === 'top' ? 'highlight' : ''}"><th scope="row">${planName(one.plan, model)}</th>${before(one)}
<td class="number">${ending(record, one)}</td><td class="number"><strong>${signed(gain, 2)}</strong>${interval !== null && html`<small class="line">${signed(interval[0], 2)} to ${signed(interval[1], 2)}</small>`}</td>
<td class="number">${published === null ? '–' : signed(published, 1)}</td></tr>
`,
      ),
    ];
  });
  const zeroRow = html`<tr><th scope="row">dense, fine-tuned as long</th>${before(zero)}<td class="number">${ending(record, zero)}</td><td class="number">0, the zero line</td><td class="number">0</td></tr>
`;
  return table(
    html`${model.name}, ${whole(model.params)} parameters, trained for ${counted(Number(recipes.dense.epochs), 'epoch')} to ${points(denseOf(record), 2)} %,
then fine-tuned for ${counted(Number(recipes.finetuning.epochs), 'epoch')} of ${whole(Number(recipes.finetuning.images) || dataset.training.total)} images`,
    head,
    [zeroRow, ...lines],
    'variants',
  );
}
