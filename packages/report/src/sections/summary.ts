/** The top of the page: what was run, on what, when, and what it supports, in plain words. */
import type { AccuracyRecord } from '@vssm/results';
import { isComparable, publishedGflops } from '../answers.ts';
import { type ContrastSetting, contrastSettings } from '../contrasts.ts';
import { type Entry, type Evidence, isPartial } from '../evidence.ts';
import { counted, instant, interval, listed, points, times, whole } from '../format.ts';
import { type Content, html, type Markup } from '../html.ts';
import { method } from '../plan-names.ts';
import { overall } from './claim/verdict.ts';
import { contrastTable } from './contrast-table.ts';
import { type Context, partialStamp, type Section } from './section.ts';
import { gainOf } from './speed.ts';

export function summary(context: Context): Section {
  const { evidence } = context;
  const settings = contrastSettings(evidence);
  return {
    id: 'summary',
    title: 'In short',
    body: html`${isPartial(evidence) && partialBanner}${evidence.warnings.map((warning) => html`<p class="banner">${warning}.</p>`)}
<p class="lead">${whatWasRun(evidence)}</p>
${keyFigures(evidence)}
${settings.length > 0 && contrastTable(settings, context)}
<ul class="support">${supports(evidence, settings).map((line) => html`<li>${line}</li>`)}</ul>`,
  };
}

const partialBanner = html`<p class="banner loud"><strong>Partial, not comparable.</strong> This run was cut down with <code>--limit</code>. Its
accuracies are for trying things out; do not compare them with anything.</p>`;

function whatWasRun({ runs, accuracy, speed, executions, comparisons, dense, skipped }: Evidence): Content {
  if (accuracy.length + speed.length + executions.length + comparisons.length + dense.length === 0) {
    return html`Nothing has been run yet, so there is nothing to report. <code>pnpm bench</code> runs the suite and writes this page again.`;
  }
  const sentences: string[] = [];
  if (accuracy.length > 0) {
    const pruned = accuracy.filter(({ record }) => method(record.plan) !== 'dense');
    const plans = new Set(pruned.map(({ record }) => JSON.stringify([record.plan, record.model.weights])));
    const data = listed([...new Set(accuracy.map(({ record }) => record.dataset.name))]);
    sentences.push(
      `${counted(plans.size, 'way')} of pruning ${names(accuracy)} on ${data}, without fine-tuning, beside the dense model.`,
    );
  }
  if (speed.length > 0) sentences.push(`The speed of ${names(speed)}, dense and pruned.`);
  if (executions.length > 0) sentences.push(`Ways to run ${names(executions)} on a CPU, side by side.`);
  if (comparisons.length > 0) {
    sentences.push(`Backends held against a float64 reference, with ${names(comparisons)}.`);
  }
  if (dense.length > 0) sentences.push(`Detection and segmentation with ${names(dense)}.`);
  const run = runs.at(-1);
  if (run !== undefined) {
    const { cpu, cores } = run.environment;
    sentences.push(`Run on ${cpu}, ${counted(cores, 'core')}, ${instant(run.createdAt)}.`);
  }
  if (skipped.length > 0) {
    const were = skipped.length === 1 ? 'was' : 'were';
    sentences.push(`${counted(skipped.length, 'row')} ${were} not run; each says why.`);
  }
  return sentences.join(' ');
}

function names(
  entries: readonly { readonly record: { readonly model: { readonly name: string } } }[],
): string {
  return listed([...new Set(entries.map(({ record }) => record.model.name))]);
}

function keyFigures(evidence: Evidence): Markup | null {
  const figures: { value: string; label: Content }[] = [];
  for (const record of largestDense(evidence)) {
    figures.push({
      value: `${points(record.top1, 2)} %`,
      label: html`dense top-1, ${record.dataset.name}, ${counted(record.count, 'image')} (95 %: ${interval(record.interval, 2)})${record.sample.partial && html` ${partialStamp}`}`,
    });
  }
  const gains = evidence.speed.flatMap((entry) => {
    const gain = gainOf(entry, evidence.speed);
    return gain === null ? [] : [{ entry, gain }];
  });
  const best = gains.sort((a, b) => b.gain.measured - a.gain.measured)[0];
  if (best !== undefined) {
    figures.push({
      value: times(best.gain.measured),
      label: `largest speed-up measured: ${best.entry.record.model.name}, ${best.entry.record.schedule} (strict FLOPs promise ${times(best.gain.promised)})`,
    });
  }
  const { published, reproduced } = publishedGflops(evidence);
  if (published > 0) {
    figures.push({
      value: `${reproduced} of ${published}`,
      label: 'published GFLOPs that were computed here come out to their last decimal',
    });
  }
  if (figures.length === 0) return null;
  return html`<dl class="figures">${figures.map(({ value, label }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** Per data set and model the dense result with the most images. */
function largestDense({ accuracy }: Evidence): AccuracyRecord[] {
  const largest = new Map<string, AccuracyRecord>();
  for (const { record } of accuracy) {
    if (method(record.plan) !== 'dense') continue;
    const key = JSON.stringify([record.dataset.name, record.model.weights]);
    if (record.count > (largest.get(key)?.count ?? 0)) largest.set(key, record);
  }
  return [...largest.values()];
}

/** What may and what may not be concluded. */
function supports(evidence: Evidence, settings: readonly ContrastSetting[]): Content[] {
  const { accuracy, tables, speed, executions, finetuning } = evidence;
  const lines: Content[] = [];
  for (const { record } of finetuning) {
    lines.push(html`After fine-tuning, in miniature: ${overall(record)} <a href="#claim">The figures.</a>`);
  }
  if (accuracy.length > 0) {
    const onPaperData = accuracy.filter(({ record }) => tables.some((paper) => isComparable(record, paper)));
    const datasets = listed([...new Set(accuracy.map(({ record }) => record.dataset.name))]);
    lines.push(
      onPaperData.length === 0
        ? html`The accuracies rank pruning options on this model and ${datasets}, before fine-tuning. <strong>They neither confirm nor refute the
paper’s accuracies</strong>, which are ImageNet-1K, full-size models, fine-tuned.`
        : html`${counted(onPaperData.length, 'accuracy', 'accuracies')} stand beside published ones of the same data set, before fine-tuning.`,
    );
  }
  const samples = settings.map(({ top }) => top).filter(isSampled);
  if (samples.length > 0) {
    const counts = [...new Set(samples.map(({ record }) => record.count))].map(whole);
    lines.push(
      html`Some numbers rest on a fixed, stratified sample of ${listed(counts)} images. <code>pnpm bench --full</code> evaluates every image and narrows the intervals.`,
    );
  }
  if ([...speed, ...executions].some(({ record }) => record.model.weights.from === 'random')) {
    lines.push(
      'Times are of full-size models with random weights: they say how long a model takes, not how right it is.',
    );
  }
  return lines;
}

function isSampled({ record }: Entry<AccuracyRecord>): boolean {
  return record.sample.how === 'stratified';
}
