/** What the reader has evaluated alone, with `vssm eval`: models, data and plans of their own. */
import { counted } from '@vssm/core';
import type { AccuracyRecord } from '@vssm/results';
import type { Entry, Evidence } from '../evidence.ts';
import { flops, interval, points, signed } from '../format.ts';
import { denseBeside, isDense } from '../groups.ts';
import { html, type Markup } from '../html.ts';
import { type Context, groupRow, partialMark, type Section, scheduleText, table } from './section.ts';
import { planTerm, term } from './terms.ts';

/** True for rows that belong to no experiment of the suite. */
export function isOwn({ record }: Entry<AccuracyRecord>): boolean {
  return record.experiment === 'eval';
}

export function ownRows(context: Context): Section | null {
  const own = context.evidence.accuracy.filter(isOwn);
  if (own.length === 0) return null;
  const head = html`<tr><th scope="col">${term('plan')}</th><th scope="col" class="number">top-1, %</th><th scope="col" class="number">against dense<small>same images, points</small></th>
<th scope="col" class="number">top-5, %</th><th scope="col" class="number">FLOPs<small>${term('paperProfile')}</small></th><th scope="col" class="number">images</th></tr>`;
  const groups = Map.groupBy(own, ({ record: { model, dataset } }) =>
    JSON.stringify([model.name, model.weights, dataset.name, dataset.split]),
  );
  const rows = [...groups.values()].flatMap((group) => {
    const [
      {
        record: { model, dataset },
      },
    ] = group;
    const weights = model.weights.from === 'random' ? 'random weights' : model.weights.file;
    return [
      groupRow(html`${model.name} <small>${weights}; ${dataset.name}, ${dataset.split}</small>`, 6),
      ...group.toSorted(denseFirst).map((entry) => row(entry, context)),
    ];
  });
  return {
    id: 'own',
    title: 'Your own evaluations',
    body: html`<p>Rows of <code>vssm eval --out</code>, beside no number of the paper.</p>${table(`${counted(own.length, 'evaluation')} with ${term95}`, head, rows, 'own')}`,
  };
}

const term95 = 'its 95 % interval below each accuracy';

function denseFirst(a: Entry<AccuracyRecord>, b: Entry<AccuracyRecord>): number {
  return Number(isDense(b.record)) - Number(isDense(a.record));
}

function row(entry: Entry<AccuracyRecord>, { evidence, paired }: Context): Markup {
  const { record } = entry;
  const { plan, model, schedule, top1, top5, count, sample, flops: cost } = record;
  return html`<tr><th scope="row">${planTerm(plan, model)}<small>${scheduleText(schedule)}</small></th>
<td class="number"><span class="value">${points(top1, 2)}</span><small class="line">${interval(record.interval, 2)}</small>${sample.partial && partialMark}</td>
<td class="number">${againstDense(entry, evidence, paired)}</td><td class="number">${points(top5, 2)}</td>
<td class="number">${flops(cost.paper)}</td><td class="number">${counted(count, 'image')}</td></tr>
`;
}

function againstDense(entry: Entry<AccuracyRecord>, evidence: Evidence, paired: Context['paired']): Markup {
  const dense = isDense(entry.record) ? null : denseBeside(entry.record, evidence);
  if (dense === null) return html`–`;
  const difference = paired.compare(entry, dense);
  if (difference === null) return html`${signed(entry.record.top1 - dense.record.top1, 2)}`;
  const [low, high] = difference.interval;
  return html`${signed(difference.difference, 2)}<small class="line">${signed(low, 2)} to ${signed(high, 2)}</small>`;
}
