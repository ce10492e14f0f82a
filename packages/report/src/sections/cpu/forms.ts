/** Every way to carry out a model: chart and table. */

import { counted } from '@vssm/core';
import { quantile, type Spread } from '@vssm/results/statistics';
import { figure } from '../../charts/chart.ts';
import { timeChart } from '../../charts/speed.ts';
import { disturbedMark } from '../../disturbed.ts';
import {
  armOf,
  type ExecutionEntry,
  type ExecutionForm,
  type ExecutionGroup,
  executionGroups,
  formOf,
  timeRatio,
} from '../../executions.ts';
import { gigabytes, listed, ms, times } from '../../format.ts';
import { isDense } from '../../groups.ts';
import { html, type Markup, slug } from '../../html.ts';
import { type Context, scheduleText, table } from '../section.ts';

const formNames: Readonly<Record<ExecutionForm, string>> = {
  'matmul-floor': 'matrix products alone',
  segments: 'segments',
  'segments-wasm': 'segments, WebAssembly only',
  'whole-scan': 'ONNX Runtime Scan',
  'whole-linear-attention': 'ONNX Runtime LinearAttention',
};

/** From the fastest to the slowest as a rule. */
const formOrder = Object.keys(formNames) as ExecutionForm[];

export async function formsPart({ evidence, files }: Context): Promise<Markup | null> {
  const groups = executionGroups(evidence).filter(({ kind }) => kind === 'forms');
  const models = Map.groupBy(groups, ({ model }) => model);
  if (models.size === 0) return null;
  const parts: Markup[] = [];
  for (const [model, own] of models) {
    // The most threads first, one core after them.
    const [all, ...fewer] = own.toSorted((a, b) => b.threads - a.threads);
    const chart = timeChart({
      id: files.uniqueId(`cpu-forms-${slug(model)}`),
      title: `${model}, ${counted(all.threads, 'core')}: time per image in every form`,
      alt: `Bar chart of the median time per image. ${ordered(all)
        .map((entry) => `${entryName(entry)}: ${ms(entry.record.medianMs)} ms`)
        .join('; ')}.`,
      note: html`Each form in its own best mode. Whiskers span the middle half of the ${counted(all.entries[0].record.samplesMs.length, 'round')}; in each round every form runs once.`,
      bars: ordered(all).map((entry) => ({
        name: entryName(entry),
        dense: isDense(entry.record),
        medianMs: entry.record.medianMs,
        low: quantile(entry.record.samplesMs, 0.25),
        high: quantile(entry.record.samplesMs, 0.75),
      })),
    });
    parts.push(await figure(chart, files), formsTable(model, [all, ...fewer]));
  }
  return html`<p>The <strong>matrix products alone</strong> are all that a model multiplies, in ONNX Runtime, and nothing else: nothing
built on the same library can be faster. <strong>Segments</strong> is this project’s way: kernels of its own for convolution, scan, gate and
scores, and, where a C compiler is at hand, for the products between them; without one the kernels are WebAssembly, and ONNX Runtime
multiplies. The others are the whole model in ONNX Runtime, with either operator that can express the scan.</p>${parts}${calibrations(groups)}`;
}

function ordered({ entries }: ExecutionGroup): ExecutionEntry[] {
  const rank = (entry: ExecutionEntry) =>
    Number(!isDense(entry.record)) * formOrder.length + formOrder.indexOf(formOf(entry));
  return entries.toSorted((a, b) => rank(a) - rank(b));
}

function entryName(entry: ExecutionEntry): string {
  return `${formNames[formOf(entry)]}, ${isDense(entry.record) ? 'dense' : 'pruned'}`;
}

function formsTable(model: string, groups: readonly ExecutionGroup[]): Markup {
  const withMemory = groups.some(({ entries }) =>
    entries.some(({ record }) => record.peakMemoryBytes !== undefined),
  );
  const head = html`<tr><th scope="col">form<small>plan; cores and batch</small></th>
<th scope="col" class="number">ms/image</th><th scope="col" class="number">× matrix products</th><th scope="col" class="number">speed-up by pruning</th>${withMemory && html`<th scope="col" class="number">peak memory</th>`}</tr>`;
  const rows = groups.flatMap((group) => ordered(group).map((entry) => row(entry, group, withMemory)));
  return table(
    `${model}: medians, below them the middle half of the rounds; ratios are taken round by round. Memory is the peak of a process that loads the model, runs it and does nothing else.`,
    head,
    rows,
    'forms',
  );
}

function row(entry: ExecutionEntry, group: ExecutionGroup, withMemory: boolean): Markup {
  const { record } = entry;
  const { samplesMs, medianMs, batch, threads, schedule, plan, peakMemoryBytes: memory } = record;
  const dense = isDense(record);
  const floor = armOf(group, 'matmul-floor', dense ? false : plan.alignment) ?? null;
  const denseTwin = dense ? null : armOf(group, formOf(entry));
  const way = record.execution!.cores === 'apart' ? `${threads} × 1 thread` : counted(threads, 'thread');
  return html`<tr class="${formOf(entry) === 'segments' ? 'highlight' : ''}"><th scope="row">${formNames[formOf(entry)]}<small>${dense ? 'dense' : scheduleText(schedule)}; ${way}, batch ${batch}</small></th>
<td class="number"><span class="value">${ms(medianMs)}</span><small class="line">${ms(quantile(samplesMs, 0.25))} to ${ms(quantile(samplesMs, 0.75))}, ${counted(samplesMs.length, 'round')}</small>${disturbedMark([record])}</td>
<td class="number">${floor === null || floor === entry ? '–' : ratioCell(timeRatio(entry, floor))}</td>
<td class="number">${denseTwin === null ? '–' : ratioCell(timeRatio(denseTwin, entry))}</td>${withMemory && html`<td class="number">${memory === undefined ? '–' : gigabytes(memory)}</td>`}</tr>
`;
}

function ratioCell({ median, low, high }: Spread): Markup {
  return html`<span class="value">${times(median)}</span><small class="line">${times(low)} to ${times(high)}</small>`;
}

/** What was tried to find each form's best mode. */
function calibrations(groups: readonly ExecutionGroup[]): Markup | null {
  const tried = groups.flatMap((group) =>
    group.entries.filter((entry) => isDense(entry.record) && entry.record.execution!.calibration.length > 0),
  );
  if (tried.length === 0) return null;
  const rows = tried.map(({ record }) => {
    const { execution, model } = record;
    const trials = execution!.calibration
      .toSorted((a, b) => a.msPerImage - b.msPerImage)
      .map(({ cores, threads, batch, msPerImage }) => {
        const way = cores === 'apart' ? `${threads} × 1 thread` : counted(threads, 'thread');
        return `${way}, batch ${batch}: ${ms(msPerImage)}`;
      });
    return html`<tr><th scope="row">${model.name}, ${counted(record.threads, 'core')}</th><td>${formNames[execution!.form]}</td><td>${listed(trials)}</td></tr>
`;
  });
  const head = html`<tr><th scope="col">model</th><th scope="col">form</th><th scope="col">ms/image, the fastest first</th></tr>`;
  return html`<details class="all"><summary>How the best modes were found</summary>
${table('“2 × 1 thread”: two runs side by side, one thread each; the batch is of both together', head, rows)}</details>`;
}
