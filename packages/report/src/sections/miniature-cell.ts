/** The cell of a paper table that says how far below dense the same way of pruning ended in miniature. */
import { counted } from '@vssm/core';
import { mean } from '@vssm/results/statistics';
import { endsOf, measureOf } from '@vssm/results/trained';
import { type miniatureOf, placeOf } from '../below-dense.ts';
import { points, signed } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { term } from './terms.ts';

export const miniatureHeading: Markup = html`<th scope="col" class="number">points below dense<small>here, ${term('miniature')}, fine-tuned</small></th>`;

export function miniatureCell(found: ReturnType<typeof miniatureOf>): Markup {
  if (found === null) return html`<td class="number"><span class="none" aria-label="nothing">–</span></td>`;
  const { record, row, zero } = found;
  const { name } = measureOf(record);
  const { section, flops } = placeOf(record);
  const seeds = (own: typeof zero) => counted(own.after.length, 'seed');
  if (row === null) {
    return html`<td class="number"><a href="#${section}">0</a><small class="line">dense: ${points(mean(endsOf(record, zero)), 2)} % ${name}, ${seeds(zero)}</small></td>`;
  }
  const { gain, interval, reduction, published } = found;
  return html`<td class="number"><a href="#${section}"><strong>${signed(gain, 2)}</strong></a>${interval !== null && html`<small class="line">${signed(interval[0], 2)} to ${signed(interval[1], 2)}</small>`}
<small class="line">${signed(-100 * reduction, 1)} % ${flops}, ${seeds(row)}</small>${published !== null && html`<small class="line">the paper: ${signed(published, 1)}</small>`}</td>`;
}
