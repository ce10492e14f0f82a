/** Accuracy against GFLOPs: one chart for each data set, published and measured kept apart. */
import { counted } from '@vssm/core';
import type { AccuracyRecord, PaperTable, PaperValue } from '@vssm/results';
import { isOnPaperData } from '../answers.ts';
import { figure } from '../charts/chart.ts';
import { type TradeoffPoint, tradeoffChart } from '../charts/tradeoff.ts';
import { type Entry, type Evidence, sameName } from '../evidence.ts';
import { listed, whole } from '../format.ts';
import { denseNumbers, isDense } from '../groups.ts';
import { html, joined, type Markup, slug } from '../html.ts';
import { type Method, method, planName } from '../plan-names.ts';
import { type Context, partialStamp, type Section } from './section.ts';

export async function tradeoff({ evidence, files }: Context): Promise<Section | null> {
  const figures: Markup[] = [];
  for (const dataset of datasets(evidence)) {
    const tables = evidence.tables.filter((paper) => sameName(paper.dataset, dataset));
    const published = tables.flatMap((paper) => publishedPoints(paper));
    const denses = denseNumbers(evidence);
    const all = evidence.accuracy.filter(
      (entry) =>
        sameName(entry.record.dataset.name, dataset) && (!isDense(entry.record) || denses.includes(entry)),
    );
    const entries = all.filter(({ record }) => tables.every((paper) => isOnPaperData(record, paper)));
    const points = [...published, ...measuredPoints(entries)];
    if (points.length < 2) continue;
    const chart = tradeoffChart({
      id: files.uniqueId(`tradeoff-${slug(dataset)}`),
      title: `Accuracy against cost on ${dataset}`,
      alt: altText(dataset, points),
      note: html`${note(published, entries)}${notDrawn(all.length - entries.length)}`,
      points,
    });
    figures.push(await figure(chart, files));
  }
  if (figures.length === 0) return null;
  return {
    id: 'tradeoff',
    title: 'Accuracy against cost',
    body: html`<p>Up and to the left is better. The solid line joins the dense models of one family: a pruned model is
worth having where it lies above that line. Dashed lines join the points of one pruning method. <strong>Each data set has a separate chart;</strong> an accuracy on one says nothing about
another.</p>${figures}`,
  };
}

/** Beside published points stands only what may be held against them. */
function notDrawn(count: number): string {
  return count === 0 ? '' : ` Not drawn: ${counted(count, 'result')} of random weights or of other images.`;
}

function datasets({ tables, accuracy }: Evidence): string[] {
  const names: string[] = [];
  for (const name of [
    ...accuracy.map(({ record }) => record.dataset.name),
    ...tables.map((paper) => paper.dataset),
  ]) {
    if (!names.some((known) => sameName(known, name))) names.push(name);
  }
  return names;
}

function numeric(value: PaperValue | undefined): { value: number; source: string } | null {
  return value !== undefined && 'value' in value && value.value !== null ? value : null;
}

function publishedPoints(paper: PaperTable): TradeoffPoint[] {
  const points: TradeoffPoint[] = [];
  for (const row of paper.rows) {
    const top1 = numeric(row.values.top1);
    const gflops = numeric(row.values.gflops);
    if (top1 === null || gflops === null) continue;
    const kind = methodOfRow(row.method);
    const dense = kind === 'dense';
    points.push({
      origin: 'published',
      gflops: gflops.value,
      top1: top1.value,
      low: null,
      high: null,
      method: kind,
      name: `${row.model}, ${row.method}`,
      label: dense ? shortName(row.model) : '',
      line: `published ${kind} ${row.model.split(/[-\s]/)[0]}`,
      source: `published, source ${top1.source}`,
    });
  }
  return points;
}

/** `Vim-S (25.8 M)` without what stands in brackets. */
function shortName(model: string): string {
  return model.replace(/\s*\([^)]*\)/, '');
}

function methodOfRow(name: string): Method {
  const known: Readonly<Record<string, Method>> = {
    dense: 'dense',
    evit: 'evit',
    top: 'top',
    random: 'random',
  };
  return known[name.toLowerCase()] ?? 'other';
}

function measuredPoints(entries: readonly Entry<AccuracyRecord>[]): TradeoffPoint[] {
  const seen = new Set<string>();
  const points: TradeoffPoint[] = [];
  for (const { record } of [...entries].sort((a, b) => b.record.sample.count - a.record.sample.count)) {
    const { plan, model } = record;
    const key = JSON.stringify([plan, model.spec, model.weights, record.backend, record.dataset.sha256]);
    if (seen.has(key)) continue;
    seen.add(key);
    const kind = method(plan, model);
    points.push({
      origin: 'measured',
      gflops: record.flops.paper,
      top1: record.top1,
      low: record.interval[0],
      high: record.interval[1],
      method: kind,
      name: `${model.name}, ${planName(plan, model)}${isDense(record) ? '' : `, ${record.schedule}`}`,
      label: isDense(record) ? shortName(model.name) : '',
      line: isDense(record) ? `measured ${model.spec.family}` : lineOf(record, kind),
      source: `${record.dataset.name}, ${counted(record.count, 'image')}${record.sample.partial ? ', partial' : ''}`,
    });
  }
  return points;
}

/** Keep ratios of one named method are joined. */
function lineOf({ model }: AccuracyRecord, kind: Method): string | null {
  return kind === 'other' ? null : `${kind} ${model.name}`;
}

function note(published: readonly TradeoffPoint[], entries: readonly Entry<AccuracyRecord>[]): Markup {
  const parts: (string | Markup)[] = [];
  if (published.length > 0) {
    const sources = [
      ...new Set(
        published.flatMap(({ source }) => source.replace('published, source ', '').split(/\s*,\s*/)),
      ),
    ];
    parts.push(
      `Hollow marks: published, sources ${listed(sources.sort())}. Pruned ones are after fine-tuning.`,
    );
  }
  if (entries.length > 0) {
    const counts = [...new Set(entries.map(({ record }) => record.count))].sort((a, b) => b - a).map(whole);
    parts.push(
      `Filled marks: measured here without fine-tuning, on ${listed(counts)} images; bars are 95 % intervals.`,
    );
    const models = new Set(entries.map(({ record }) => JSON.stringify(record.model.weights)));
    if (models.size === 1) parts.push('Only one dense model was measured, so no line joins dense models.');
  } else parts.push('Nothing was measured here on this data set.');
  if (entries.some(({ record }) => record.sample.partial)) parts.push(partialStamp);
  return html`${joined(parts, ' ')}`;
}

function altText(dataset: string, points: readonly TradeoffPoint[]): string {
  const said = points
    .filter(({ method: kind }) => kind !== 'other')
    .slice(0, 24)
    .map(({ name, top1, gflops }) => `${name}: ${top1.toFixed(1)} % at ${gflops.toPrecision(3)} GFLOPs`);
  return `Scatter plot of top-1 accuracy against GFLOPs on ${dataset}. ${said.join('; ')}.`;
}
