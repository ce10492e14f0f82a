/** What was measured: per experiment a chart with 95 % intervals and the same numbers as a table. */
import { counted } from '@vssm/core';
import type { AccuracyRecord } from '@vssm/results';
import { type AblationBar, ablationChart } from '../charts/ablation.ts';
import { figure } from '../charts/chart.ts';
import type { Entry, Evidence } from '../evidence.ts';
import { interval, points, signed, whole } from '../format.ts';
import {
  type AccuracyGroup,
  accuracyGroups,
  bySeries,
  denseBeside,
  denseNumbers,
  isDense,
  seriesNamer,
} from '../groups.ts';
import { html, joined, type Markup, slug } from '../html.ts';
import type { PairedComparison } from '../paired.ts';
import { type Difference, method, methodNames, planDifference, variantNamer } from '../plan-names.ts';
import { isOwn } from './own-rows.ts';
import { type Context, partialMark, partialStamp, type Section, table } from './section.ts';
import { planTerm, term } from './terms.ts';

export async function ablations(context: Context): Promise<Section | null> {
  const groups = accuracyGroups(context.evidence).filter(({ entries }) => !entries.every(isOwn));
  if (groups.length === 0) return null;
  const parts: Markup[] = [];
  for (const group of groups) parts.push(await oneGroup(group, context));
  return {
    id: 'measured',
    title: 'Measured accuracy',
    body: html`<p>All rows are training-free: dense weights, pruned as they are, without fine-tuning. Whiskers and ranges are
${term('interval', '95 % Wilson intervals')}. Differences to ToP are taken image by image on the same images, so their intervals are narrower than the
difference of two whiskers suggests.</p>${parts}`,
  };
}

async function oneGroup(group: AccuracyGroup, context: Context): Promise<Markup> {
  const pruned = group.entries
    .filter(({ record }) => !isDense(record))
    .sort((a, b) => bySeries(a.record, b.record));
  // One dense number for each model; the others stand in the list of all results.
  const shown = denseNumbers(context.evidence);
  const denses = group.entries.filter((entry) => shown.includes(entry));
  const name = slug(`${group.experiment}-${group.dataset.name}-${group.model.name}`);
  const id = context.files.uniqueId(name);
  const title = html`<h3 id="${id}">${heading(group)}<small>${group.dataset.name}, ${group.model.name}</small></h3>`;
  const denseWords = denses.map(({ record }) => denseSentence(record));
  if (pruned.length === 0) return html`${title}${denseWords}`;

  const layout = arrange(pruned);
  const reference = denseBeside(pruned[0].record, context.evidence);
  const chart = ablationChart({
    id: `accuracy-${id}`,
    title: 'Top-1 by variant',
    alt: altText(group, layout.bars, reference?.record.top1 ?? null),
    note: sampleNote(
      group,
      pruned.map(({ record }) => record),
    ),
    bars: layout.bars,
    dense: reference?.record.top1 ?? null,
  });
  return html`${title}${denseWords}${await figure(chart, context.files)}${variantTable(group, layout, context)}`;
}

const headings: Readonly<Record<Difference, string>> = {
  importance: 'Token importance',
  alignment: 'Alignment and convolution',
  method: 'Ways of pruning',
};

function heading({ experiment, entries }: AccuracyGroup): string {
  const number = /^table(\d+)/.exec(experiment)?.[1];
  const of = number === undefined ? experiment : `the question of the paper’s table ${number}`;
  return `${headings[planDifference(entries.map(({ record }) => record.plan))]} (${of})`;
}

function denseSentence(record: AccuracyRecord): Markup {
  return html`<p>Dense: <strong>${points(record.top1, 2)} %</strong> top-1 (${interval(record.interval, 2)}),
${points(record.top5, 2)} % top-5, on ${sampleWords(record)}.${record.sample.partial && html` ${partialStamp}`}</p>`;
}

function sampleWords({ count, sample, dataset, failed }: AccuracyRecord): string {
  const unreadable = failed.length === 0 ? '' : `, ${counted(failed.length, 'image')} could not be read`;
  if (sample.how === 'all') return `all ${whole(count)} images of the ${dataset.split} split${unreadable}`;
  const how = sample.how === 'stratified' ? 'a fixed, stratified sample' : 'a cut-down sample';
  return `${whole(count)} of ${whole(dataset.total)} ${dataset.split} images (${how})${unreadable}`;
}

function sampleNote({ dataset }: AccuracyGroup, records: readonly AccuracyRecord[]): Markup {
  const samples = [...new Set(records.map(sampleWords))];
  return html`${dataset.name}: ${joined(samples, '; ')}. Bars: top-1 with its 95 % interval. Dashed: the dense model.
${records.some(({ sample }) => sample.partial) && partialStamp}`;
}

/** Variants down, series across. */
interface Layout {
  readonly bars: readonly AblationBar[];
  readonly variants: readonly string[];
  readonly series: readonly string[];
  readonly cell: (variant: string, series: string) => Entry<AccuracyRecord> | undefined;
}

function arrange(pruned: readonly Entry<AccuracyRecord>[]): Layout {
  const variantOf = variantNamer(pruned.map(({ record }) => record.plan));
  const seriesOf = seriesNamer(pruned.map(({ record }) => record));
  const cells = new Map<string, Entry<AccuracyRecord>>();
  const bars: AblationBar[] = [];
  for (const entry of pruned) {
    const { record } = entry;
    const variant = variantOf(record.plan);
    const place = (series: string) => JSON.stringify([variant, series]);
    // Results that only differ in what has no name here (an older row's id) stand side by side all the same.
    let series = seriesOf(record);
    for (let copy = 2; cells.has(place(series)); copy++) series = `${seriesOf(record)} (${copy})`;
    const bar = { variant, series };
    cells.set(place(series), entry);
    bars.push({
      ...bar,
      top1: record.top1,
      low: record.interval[0],
      high: record.interval[1],
      images: record.count,
    });
  }
  return {
    bars,
    variants: [...new Set(bars.map(({ variant }) => variant))],
    series: [...new Set(bars.map(({ series }) => series))],
    cell: (variant, series) => cells.get(JSON.stringify([variant, series])),
  };
}

function variantTable(
  group: AccuracyGroup,
  { variants, series, cell }: Layout,
  { evidence, paired }: Context,
): Markup {
  const head = html`<tr><th scope="col">variant</th>${series.map((name) => {
    const some = variants.map((variant) => cell(variant, name)).find((entry) => entry !== undefined);
    return html`<th scope="col" class="number">${name}<small>${some?.record.tokens.join(' → ')} tokens</small></th>`;
  })}</tr>`;
  const rows = variants.map((variant) => {
    const cells = series.map((name) => cellMarkup(cell(variant, name), evidence, paired));
    const some = series.map((name) => cell(variant, name)).find((entry) => entry !== undefined);
    const isTop = some !== undefined && method(some.record.plan) === 'top';
    return html`<tr class="${isTop ? 'highlight' : ''}"><th scope="row">${some === undefined ? variant : planTerm(some.record.plan, some.record.model, variant)}${isTop && variant !== methodNames.top && html` <small>= ToP</small>`}</th>${cells}</tr>
`;
  });
  return table(
    html`Top-1 in percent with its 95 % interval, ${group.dataset.name}, ${group.model.name}; second line: difference to ToP, points`,
    head,
    rows,
    'variants',
  );
}

function cellMarkup(
  entry: Entry<AccuracyRecord> | undefined,
  evidence: Evidence,
  paired: PairedComparison,
): Markup {
  if (entry === undefined) return html`<td class="number none">not run</td>`;
  const { record } = entry;
  const top = evidence.accuracy.find(
    ({ record: other }) =>
      method(other.plan) === 'top' &&
      other.schedule === record.schedule &&
      other.experiment === record.experiment &&
      other.sample.idsHash === record.sample.idsHash &&
      JSON.stringify(other.model.weights) === JSON.stringify(record.model.weights),
  );
  const difference = top === undefined || top === entry ? null : paired.compare(entry, top);
  return html`<td class="number"><span class="value">${points(record.top1, 2)}</span> <small>${interval(record.interval)}</small>
${difference !== null && html`<small class="difference">${signed(difference.difference)} (${signed(difference.interval[0])} to ${signed(difference.interval[1])})</small>`}
${record.sample.partial && partialMark}</td>`;
}

function altText(group: AccuracyGroup, bars: readonly AblationBar[], dense: number | null): string {
  const said = bars.map(({ variant, series, top1 }) => `${variant}, ${series}: ${top1.toFixed(1)}`);
  const reference = dense === null ? '' : ` The dense model has ${dense.toFixed(1)}.`;
  return `Bar chart of top-1 accuracy in percent on ${group.dataset.name}. ${said.join('; ')}.${reference}`;
}
