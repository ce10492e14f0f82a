/**
 * What fine-tuning recovers under each way of pruning, as an experiment that trains has measured it, and whether that
 * supports the paper's claim.
 */
import { counted } from '@vssm/core';
import type { FinetuningRecord, PaperTable } from '@vssm/results';
import { beforeOf, denseOf, denseTestsOf, endsOf } from '@vssm/results/trained';
import { zeroLine } from '../../below-dense.ts';
import { figure } from '../../charts/chart.ts';
import { type RecoveryRow, recoveryChart } from '../../charts/recovery.ts';
import { trainingChart } from '../../charts/training.ts';
import type { Entry } from '../../evidence.ts';
import { instant, listed, points, whole } from '../../format.ts';
import { html, joined, type Markup } from '../../html.ts';
import { planName } from '../../plan-names.ts';
import { columnDecimals, paperValue } from '../paper-value.ts';
import type { Context, Section } from '../section.ts';
import { evaluatedAgain } from './evaluated-again.ts';
import { claimTable } from './table.ts';
import { denseCurves, finetuningCurves } from './training-lines.ts';
import { overall, verdictLine } from './verdict.ts';

export async function claim(context: Context): Promise<Section | null> {
  // One with a zero line is the headline's.
  const entry = context.evidence.finetuning.findLast(({ record }) => zeroLine(record) === null);
  if (entry === undefined) return null;
  const { record } = entry;
  return {
    id: 'claim',
    title: 'The claim, tried in miniature',
    body: html`<p class="lead">${overall(record)}</p>
<ul class="support">${record.verdicts.map((verdict) => html`<li>${verdictLine(verdict, record, context.evidence.tables)}</li>`)}</ul>
${published(context.evidence.tables)}
${whatWasDone(entry)}
${await charts(record, context)}
${claimTable(record)}
${evaluatedAgain(record, context.evidence)}
${await curves(record, context)}
${reservations(record)}`,
  };
}

/** The paper's own figures of alignment after fine-tuning: its table 5. */
function published(tables: readonly PaperTable[]): Markup | null {
  const paper = tables.find(({ table }) => table === 5);
  if (paper === undefined) return null;
  const decimals = columnDecimals(paper.rows, 'top1');
  const figures = paper.rows.map(
    ({ model, method, values: { top1 } }) =>
      html`${model} ${method} ${paperValue(top1, paper.sources, decimals(top1))}`,
  );
  return html`<p>The paper’s own, ${paper.dataset}, top-1 in percent after fine-tuning: ${joined(figures, '; ')}.</p>`;
}

function whatWasDone({ record, run }: Entry<FinetuningRecord>): Markup {
  const { dataset, model, recipes, rows } = record;
  const { depth } = model.spec;
  const tokens = [...new Set(rows.map((row) => row.tokens.join(' → ')))];
  const when =
    run === null
      ? ''
      : html` Run on ${run.environment.cpu}, ${instant(run.createdAt)}, by <code>${run.command.join(' ')}</code>.`;
  return html`<p>${model.name}, ${whole(model.params)} parameters, ${depth} blocks and ${rows[0].tokens[0]} tokens, the paper’s count, was trained dense on
${whole(dataset.training.total)} images of ${dataset.name} for ${counted(Number(recipes.dense.epochs), 'epoch')}: ${points(denseOf(record), 2)} % top-1 on the
${whole(dataset.test.total)} test images. These weights were then fine-tuned under every way of pruning with one budget,
${counted(Number(recipes.finetuning.epochs), 'epoch')} over the same ${whole(Number(recipes.finetuning.images) || dataset.training.total)} images
(tokens ${listed(tokens)}).${when}</p>`;
}

async function charts(record: FinetuningRecord, { files }: Context): Promise<Markup[]> {
  const rows = record.rows.map((row): RecoveryRow => {
    const ends = endsOf(record, row);
    return {
      name: planName(row.plan, record.model),
      level: `keep ${row.keep}`,
      before: beforeOf(record, row),
      after: row.after.map(({ seed }, i) => ({ seed, top1: ends[i] })),
    };
  });
  const dense = denseOf(record);
  const best = rows.map(({ name, level, before, after }) => {
    const ends = listed(after.map(({ top1 }) => points(top1, 2)));
    return `${name}, ${level}: ${points(before, 1)} before, ${ends} after`;
  });
  const note = html`${record.dataset.name}, ${whole(record.dataset.test.total)} test images. Filled: one fine-tuning each, a bar at their mean; dashed: the dense model.`;
  return [
    await figure(
      recoveryChart({
        id: 'claim-after',
        title: 'After fine-tuning',
        alt: `Top-1 in percent, dense ${points(dense, 2)}. ${best.join('; ')}.`,
        ...{ note, rows, dense, afterOnly: true },
      }),
      files,
    ),
    await figure(
      recoveryChart({
        id: 'claim-recovery',
        title: 'What fine-tuning recovers',
        alt: `Top-1 in percent before and after fine-tuning, dense ${points(dense, 2)}. ${best.join('; ')}.`,
        ...{ note: html`${note} Hollow: before fine-tuning.`, rows, dense, afterOnly: false },
      }),
      files,
    ),
  ];
}

async function curves(record: FinetuningRecord, { files }: Context): Promise<Markup> {
  const { loss, accuracy } = denseCurves(record);
  const finetuning = finetuningCurves(record);
  const last = record.dense.curve.at(-1);
  const drawn = [
    trainingChart({
      id: 'claim-dense-loss',
      title: 'Loss of the dense training',
      alt: `Training loss over epochs, ${last === undefined ? 'no point' : `${last.loss.toFixed(3)} in the end`}.`,
      note: html`Means over augmented images with smoothed labels, whose loss cannot reach zero.`,
      unit: 'loss',
      lines: loss,
    }),
    trainingChart({
      id: 'claim-dense-accuracy',
      title: 'Accuracy of the dense training',
      alt: `Top-1 over epochs; test images: ${denseTestsOf(record)
        .map(({ percent }) => points(percent, 2))
        .join(', ')} %.`,
      note: html`Training: augmented images, weights as they stand. Test: the moving average of the weights, after every epoch; nothing was chosen by it.`,
      unit: 'top-1, %',
      lines: accuracy,
    }),
    trainingChart({
      id: 'claim-finetuning-loss',
      title: 'Loss of the fine-tunings',
      alt: `Training loss over the fine-tuning of ${listed(finetuning.map(({ name }) => name))}.`,
      note: html`The ways of pruning that the claim is about, first seed.`,
      unit: 'loss',
      lines: finetuning,
    }),
  ];
  const figures: Markup[] = [];
  for (const chart of drawn) figures.push(await figure(chart, files));
  return html`<h3>The trainings</h3>${figures}`;
}

function reservations({ recipes, model }: FinetuningRecord): Markup {
  return html`<p class="aside">What this is not: ImageNet-1K, a full-size model, or the paper’s thirty epochs. The intervals are over seeds of the
fine-tuning (order of images, augmentation) from one dense model; another dense model, a longer budget than
${counted(Number(recipes.finetuning.epochs), 'epoch')}, or more than ${whole(model.params)} parameters may rank them differently.
<code>benchmarks/finetuning</code> holds the logs and how to run it again.</p>`;
}
