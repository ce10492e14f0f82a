/** The parts of the page's top: what was run, on what, when, and what it supports, in plain words. */
import { counted } from '@vssm/core';
import type { AccuracyRecord, SpeedRecord } from '@vssm/results';
import { isComparable } from '../answers.ts';
import { drawnTrainings, placeOf } from '../below-dense.ts';
import { contrastSettings } from '../contrasts.ts';
import { type Entry, type Evidence, isPartial, measuredHere } from '../evidence.ts';
import { instant, interval, listed, points, times, whole } from '../format.ts';
import { denseNumbers } from '../groups.ts';
import { type Content, html, type Markup } from '../html.ts';
import { method } from '../plan-names.ts';
import { oneDecimalTolerance, publishedGflops } from '../published-gflops.ts';
import { overall } from './claim/verdict.ts';
import { partialStamp } from './section.ts';
import { term } from './terms.ts';

/** What a reader must know before any number. */
export function banners(evidence: Evidence): Markup {
  const warnings = evidence.warnings.map((warning) => html`<p class="banner">${warning}.</p>`);
  return html`${isPartial(evidence) && partialBanner}${warnings}`;
}

const partialBanner = html`<p class="banner loud"><strong>Partial, not comparable.</strong> This run was cut down with <code>--limit</code>. Its
accuracies are for trying things out; do not compare them with anything.</p>`;

export function whatWasRun(evidence: Evidence): Content {
  const { runs, accuracy, speed, executions, comparisons, vision, skipped } = evidence;
  const league = measuredHere(evidence, evidence.league);
  const finetuned = measuredHere(evidence, evidence.finetuned);
  const trained = [
    ...measuredHere(evidence, evidence.finetuning),
    ...measuredHere(evidence, evidence.segmenterFinetuning),
  ];
  const measured = [accuracy, league, finetuned, speed, executions, comparisons, vision, trained];
  if (measured.every(({ length }) => length === 0)) {
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
  if (league.length > 0)
    sentences.push(`${counted(league.length, 'row')} of the league, with ${names(league)}.`);
  if (trained.length > 0) sentences.push(`Fine-tuning, dense and pruned, of ${names(trained)}.`);
  if (speed.length > 0) sentences.push(`The speed of ${names(speed)}, dense and pruned.`);
  if (executions.length > 0) sentences.push(`Ways to run ${names(executions)} on a CPU, side by side.`);
  if (comparisons.length > 0) {
    sentences.push(`Backends held against a float64 reference, with ${names(comparisons)}.`);
  }
  if (vision.length > 0) sentences.push(`Detection and segmentation with ${names(vision)}.`);
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

/** @param timed the speed-up that stands for the others: of the paper's model, not the largest */
export function keyFigures(evidence: Evidence, timed: TimedModel | null): Markup | null {
  const figures: { value: string; label: Content }[] = [];
  for (const { record } of denseNumbers(evidence)) {
    figures.push({
      value: `${points(record.top1, 2)} %`,
      label: html`top-1 of the ${term('dense')} ${record.model.name}, ${record.dataset.name}, ${sampleOf(record)} (95 %: ${interval(record.interval, 2)})${record.sample.partial && html` ${partialStamp}`}`,
    });
  }
  if (timed !== null) {
    const { model, schedule } = timed.entry.record;
    figures.push({
      value: times(timed.gain.measured),
      label: html`speed-up of ${model.name}, ${term('plan', schedule)} (${term('promised', `${times(timed.gain.promised)} promised`)})`,
    });
  }
  const costs = publishedGflops(evidence);
  if (costs.length > 0) {
    const met = costs.filter(({ agreement }) => agreement !== 'apart');
    const close = met.filter(({ agreement }) => agreement === 'close').length;
    figures.push({
      value: `${met.length} of ${costs.length}`,
      label: `published GFLOPs that were computed here come out to their last decimal${
        close > 0 ? ` (${close} of one decimal within ${oneDecimalTolerance})` : ''
      }`,
    });
  }
  if (figures.length === 0) return null;
  return html`<dl class="figures">${figures.map(({ value, label }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function sampleOf({ count, sample }: AccuracyRecord): string {
  return sample.how === 'all'
    ? `all ${counted(count, 'image')}`
    : `the ${whole(count)} images that pruned models are held against it on`;
}

interface TimedModel {
  readonly entry: Entry<SpeedRecord>;
  readonly gain: { readonly measured: number; readonly promised: number };
}

/** What may and what may not be concluded. */
export function supports(evidence: Evidence): Content[] {
  const settings = contrastSettings(evidence);
  const { accuracy, tables, speed, executions } = evidence;
  const lines: Content[] = [];
  for (const record of drawnTrainings(evidence)) {
    lines.push(
      html`${record.model.name}, fine-tuned: ${overall(record)} <a href="#${placeOf(record).section}">The figures.</a>`,
    );
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
