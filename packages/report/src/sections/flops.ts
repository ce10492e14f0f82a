/** FLOPs of every model and plan that was run, in both profiles, each named. */
import { families, modelFamilies } from '@vssm/families';
import type { AccuracyRecord, SpeedRecord } from '@vssm/results';
import type { Evidence } from '../evidence.ts';
import { flops, times } from '../format.ts';
import { isDense } from '../groups.ts';
import { html, joined, type Markup } from '../html.ts';
import { alignmentName, method } from '../plan-names.ts';
import { type Context, groupRow, type Section, scheduleText, table } from './section.ts';
import { term } from './terms.ts';

type Costed = AccuracyRecord | SpeedRecord;

export function flopsSection({ evidence }: Context): Section | null {
  const costs = distinctCosts(evidence);
  if (costs.length === 0) return null;
  const head = html`<tr><th scope="col">${term('plan')}<small>${term('alignment', 'alignment')} + ${term('convolution', 'convolution')}</small></th>
<th scope="col" class="number">FLOPs<small>${term('paperProfile')}</small></th><th scope="col" class="number">FLOPs<small>${term('strictProfile')}</small></th>
<th scope="col" class="number">${term('promised')}</th><th scope="col" class="number">tokens</th></tr>`;
  const byModel = Map.groupBy(costs, ({ record }) => record.model.name);
  return {
    id: 'flops',
    title: 'FLOPs, counted twice',
    body: html`<p>The <strong>paper profile</strong> is the count behind the published GFLOPs: linear and convolution layers in
multiply-adds, ${scansCounted}, norms and activations free. The <strong>strict profile</strong> is the honest cost: two per
multiply-add, one for every other operation, both scan directions, and the pruning itself. Numbers of different profiles are never
compared. The promised speed-up is strict FLOPs of the dense model over those of the pruned one.</p>
${table(
  'FLOPs of one image; percentages and bars are relative to the dense model',
  head,
  [...byModel].flatMap(([model, own]) => [groupRow(model, 5), ...own.map((each) => row(each, own))]),
)}`,
  };
}

/** What the paper profile counts of each family's scans. */
const scansCounted = modelFamilies.map((family) => families[family].words.paperFlops).join(', ');

function row({ record, alignments }: Cost, sameModel: readonly Cost[]): Markup {
  const dense = sameModel.find(({ record: other }) => isDense(other));
  const visionFlops = dense?.record.flops;
  const pruned = !isDense(record);
  return html`<tr class="${pruned && alignments.includes(topAlignment) ? 'highlight' : ''}"><th scope="row" class="schedule">${pruned ? scheduleText(record.schedule) : 'dense'}${pruned && alignments.map((alignment) => html`<small>${alignment}</small>`)}</th>
<td class="number">${cost(record.flops.paper, visionFlops?.paper)}</td>
<td class="number">${cost(record.flops.strict, visionFlops?.strict)}</td>
<td class="number">${pruned && visionFlops !== undefined ? times(visionFlops.strict / record.flops.strict) : '–'}</td>
<td class="number tokens">${joined(record.tokens.map(String), ' → ')}</td></tr>
`;
}

function cost(value: number, dense: number | undefined): Markup {
  if (dense === undefined) return html`${flops(value)}`;
  const share = Math.min(100, (100 * value) / dense).toFixed(1);
  return html`${flops(value)} <small>${share} %</small><span class="bar" aria-hidden="true" style="--share:${share}%"></span>`;
}

interface Cost {
  readonly record: Costed;
  /** All that cost the same. */
  readonly alignments: readonly string[];
}

const topAlignment = 'decay + positional';

/**
 * One row per model, schedule and cost as it is written. Scores hardly change the cost, so the first plan of an
 * alignment speaks for the others, ToP before any other.
 */
function distinctCosts({ accuracy, speed }: Evidence): Cost[] {
  const byAlignment = new Map<string, Costed>();
  for (const { record } of [...speed, ...accuracy]) {
    const { model, plan, schedule, tokens } = record;
    const key = JSON.stringify([model.name, schedule, tokens, isDense(record) ? '' : alignmentName(plan)]);
    const before = byAlignment.get(key);
    if (before === undefined || (method(plan) === 'top' && method(before.plan) !== 'top')) {
      byAlignment.set(key, record);
    }
  }
  const byCost = Map.groupBy(byAlignment.values(), ({ model, schedule, tokens, flops: { paper, strict } }) =>
    JSON.stringify([model.name, schedule, tokens, flops(paper), flops(strict)]),
  );
  const costs = [...byCost.values()].map((records) => ({
    record: records[0],
    alignments: records.map(({ plan }) => alignmentName(plan)),
  }));
  const byModel = Map.groupBy(costs, ({ record }) => record.model.name);
  return [...byModel.values()].flatMap((group) => group.sort(byPrice));
}

/** The dense model first, then from dear to cheap. */
function byPrice({ record: a }: Cost, { record: b }: Cost): number {
  return (
    Number(isDense(b)) - Number(isDense(a)) ||
    b.flops.paper - a.flops.paper ||
    b.flops.strict - a.flops.strict
  );
}
