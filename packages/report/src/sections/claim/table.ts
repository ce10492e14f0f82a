/** Every row of the experiment: before, after, and what is left of the loss. */
import type { FinetuningRecord } from '@vssm/results';
import { mean } from '@vssm/results/statistics';
import { beforeOf, denseOf, endsOf } from '@vssm/results/trained';
import { points, signed } from '../../format.ts';
import { html, type Markup } from '../../html.ts';
import { method, planName } from '../../plan-names.ts';
import { table } from '../section.ts';
import { ending } from './ending.ts';

export function claimTable(record: FinetuningRecord): Markup {
  const { rows, dataset } = record;
  const dense = denseOf(record);
  const keeps = [...new Set(rows.map(({ keep }) => keep))];
  const arms = [...Map.groupBy(rows, ({ arm }) => arm).values()];
  const head = html`<tr><th scope="col" rowspan="2">pruning</th>${keeps.map((keep) => {
    const some = rows.find((row) => row.keep === keep)!;
    return html`<th scope="colgroup" colspan="2" class="number">keep ${keep}<small>${some.tokens.join(' → ')} tokens</small></th>`;
  })}</tr><tr>${keeps.map(() => html`<th scope="col" class="number">before</th><th scope="col" class="number">after</th>`)}</tr>`;
  const lines = arms.map((own) => {
    const cells = keeps.map((keep) => cell(own.find((row) => row.keep === keep)));
    return html`<tr class="${method(own[0].plan, record.model) === 'top' ? 'highlight' : ''}"><th scope="row">${planName(own[0].plan, record.model)}</th>${cells}</tr>
`;
  });
  const caption = html`Top-1 in percent on ${dataset.name}, dense ${points(dense, 2)}. After: mean over seeds ± standard deviation;
second line: points below (−) or above (+) dense.`;
  return table(caption, head, lines, 'variants');

  function cell(row: FinetuningRecord['rows'][number] | undefined): Markup {
    if (row === undefined) return html`<td class="number none" colspan="2">not run</td>`;
    const above = mean(endsOf(record, row)) - dense;
    return html`<td class="number">${points(beforeOf(record, row), 2)}</td>
<td class="number">${ending(record, row)}<small class="line">${signed(above, 2)}</small></td>`;
  }
}
