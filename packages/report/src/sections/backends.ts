/** Every backend beside the others: how close to the reference, how fast, and which could not be run and why. */

import { counted } from '@vssm/core';
import { quantile } from '@vssm/results/statistics';
import { parityChart, throughputChart } from '../charts/backends.ts';
import { type Chart, figure } from '../charts/chart.ts';
import { timeChart } from '../charts/speed.ts';
import { backendComparisons, type Comparison, type MeasuredBackend, type Parity } from '../comparisons.ts';
import { disturbedMark } from '../disturbed.ts';
import { listed, ms, whole } from '../format.ts';
import { isDense } from '../groups.ts';
import { html, type Markup, slug } from '../html.ts';
import { pathName, planName } from '../plan-names.ts';
import { type Context, groupRow, type Section, table } from './section.ts';

/** Largest |Δlogit| from the golden data that the conformance suite lets any float32 backend have. */
const bound = 5e-5;

export async function backends({ evidence, files }: Context): Promise<Section | null> {
  const comparisons = backendComparisons(evidence);
  if (comparisons.length === 0) return null;
  const parts: Markup[] = [];
  for (const comparison of comparisons) {
    parts.push(html`<h3>${comparison.model}</h3>`, introduction(comparison));
    for (const chart of charts(comparison, (id) => files.uniqueId(id))) {
      parts.push(await figure(chart, files));
    }
    if (comparison.measured.length > 0) parts.push(comparisonTable(comparison));
    const missing = missingList(comparison);
    if (missing !== null) parts.push(missing);
  }
  return {
    id: 'backends',
    title: 'Backends compared',
    body: html`<p>One model, carried out in every way that this machine offers, and each answer held against a float64 computation in plain
loops. <strong>Segments</strong> are kernels of this project, and ONNX Runtime for what is dense between them unless these are native; <strong>whole</strong> is one
ONNX graph, its scan spelled as Scan or LinearAttention.</p>${parts}`,
  };
}

function introduction({ images, cpu, threads, measured }: Comparison): Markup {
  const source =
    images.dataset === null ? 'made-up noise' : `${images.dataset.name}, ${images.dataset.split}`;
  const wide = Math.max(0, ...measured.map(({ outcome }) => outcome.agreement?.images ?? 0));
  return html`<p>${cpu}, ${counted(threads, 'thread')}. Images: ${source}. The reference answered ${whole(images.reference)} of them for each plan, in
${ms(images.referenceMs)} ms each${wide > 0 && html`; against the first path, answers were counted on up to ${whole(wide)}`}.</p>`;
}

function planOf({ record }: MeasuredBackend): string {
  return isDense(record) ? 'dense' : `${planName(record.plan, record.model)} ${record.schedule}`;
}

type Unique = (id: string) => string;

function charts(comparison: Comparison, uniqueId: Unique): Chart[] {
  const drawn = [
    parityPicture(comparison, uniqueId),
    latencyPicture(comparison, uniqueId),
    throughputPicture(comparison, uniqueId),
  ];
  return drawn.filter((chart) => chart !== null);
}

function parityPicture({ model, measured }: Comparison, uniqueId: Unique): Chart | null {
  const points = measured
    .filter(({ outcome }) => outcome.parity.images > 0)
    .map((one) => ({
      backend: one.name,
      plan: planOf(one),
      // A logarithmic axis has no place for 0; float32 cannot be closer than this to most numbers.
      largest: Math.max(1e-9, one.outcome.parity.maxDifference),
      mean: Math.max(1e-9, one.outcome.parity.meanDifference),
    }));
  if (points.length === 0) return null;
  return parityChart({
    id: uniqueId(`backends-parity-${slug(model)}`),
    title: `${model}: distance from the reference`,
    alt: `Largest and mean difference of logits from the reference. ${points.map(({ backend, plan, largest, mean }) => `${backend}, ${plan}: ${largest.toExponential(1)} and ${mean.toExponential(1)}`).join('; ')}.`,
    note: html`Dot: the largest difference of any logit of any image; tick: the mean of all. Dashed: what the conformance suite allows float32.`,
    points,
    bound,
  });
}

/** Every timing with the middle half of its rounds, ms per image. */
function timingsOf({ measured }: Comparison) {
  return measured.flatMap((one) =>
    one.outcome.timings.map(({ batch, medianMs, samplesMs }) => ({
      one,
      batch,
      medianMs,
      low: quantile(samplesMs, 0.25),
      high: quantile(samplesMs, 0.75),
    })),
  );
}

function latencyPicture(comparison: Comparison, uniqueId: Unique): Chart | null {
  const { model } = comparison;
  const bars = timingsOf(comparison)
    .filter(({ batch }) => batch === 1)
    .map(({ one, medianMs, low, high }) => ({
      name: `${one.name}, ${isDense(one.record) ? 'dense' : one.record.schedule}`,
      dense: isDense(one.record),
      medianMs,
      low,
      high,
    }));
  if (bars.length === 0) return null;
  return timeChart({
    id: uniqueId(`backends-latency-${slug(model)}`),
    title: `${model}: time of a single image`,
    alt: `Bar chart of the median time of one image. ${bars.map(({ name, medianMs }) => `${name}: ${ms(medianMs)} ms`).join('; ')}.`,
    note: html`Batch 1. Whiskers span the middle half of the rounds; in each round every backend of one plan runs once.`,
    bars,
  });
}

function throughputPicture(comparison: Comparison, uniqueId: Unique): Chart | null {
  const { model, batches } = comparison;
  // One size makes no line.
  if (batches.length < 2) return null;
  const points = timingsOf(comparison).map(({ one, batch, medianMs, low, high }) => ({
    backend: one.name,
    plan: planOf(one),
    batch,
    imagesPerSecond: 1000 / medianMs,
    low: 1000 / high,
    high: 1000 / low,
  }));
  return throughputChart({
    id: uniqueId(`backends-throughput-${slug(model)}`),
    title: `${model}: images a second by batch size`,
    alt: `Images a second by batch size. ${points.map(({ backend, plan, batch, imagesPerSecond }) => `${backend}, ${plan}, batch ${batch}: ${imagesPerSecond.toPrecision(3)}`).join('; ')}.`,
    note: html`Medians, with the middle half of the rounds; both axes are logarithmic.`,
    points,
  });
}

function comparisonTable({ model, measured, batches }: Comparison): Markup {
  const head = html`<tr><th scope="col">backend</th><th scope="col" class="number">largest <span class="unbroken">|Δlogit|</span></th>
<th scope="col" class="number">same first answer as the reference</th><th scope="col" class="number">same tokens kept</th>
<th scope="col" class="number">same first answer as ${agreedWith(measured)}</th>
${batches.map((batch) => html`<th scope="col" class="number">ms/image, batch ${batch}</th>`)}</tr>`;
  const plans = Map.groupBy(measured, planOf);
  const rows = [...plans].flatMap(([plan, own]) => [
    groupRow(plan, 5 + batches.length),
    ...own.map((one) => row(one, batches)),
  ]);
  return table(
    html`${model}: largest difference with the mean below it; times are medians, with the middle half of the rounds below`,
    head,
    rows,
    'backends',
  );
}

function agreedWith(measured: readonly MeasuredBackend[]): string {
  const others = measured.flatMap(({ outcome }) => {
    const { agreement } = outcome;
    return agreement === null ? [] : [pathName(agreement.with)];
  });
  return others.length === 0 ? 'the fastest path' : listed([...new Set(others)]);
}

function row({ name, outcome }: MeasuredBackend, batches: readonly number[]): Markup {
  const { parity, agreement, timings, untimed, details } = outcome;
  const share = (same: number, of: number) => `${whole(same)} of ${whole(of)}`;
  const underneath = Object.entries(details)
    .filter(([key]) => key === 'runtime' || key === 'kernels' || key === 'adapter')
    .map(([, text]) => text);
  const times = batches.map((batch) => {
    const timing = timings.find((one) => one.batch === batch);
    if (timing === undefined) return html`<td class="number none">–</td>`;
    const { samplesMs, medianMs } = timing;
    return html`<td class="number"><span class="value">${ms(medianMs)}</span><small class="line">${ms(quantile(samplesMs, 0.25))} to ${ms(quantile(samplesMs, 0.75))}</small>${disturbedMark([timing])}</td>`;
  });
  return html`<tr><th scope="row">${name}<small>${underneath.join(', ')}</small>${untimed !== null && html`<small>not timed: ${untimed}</small>`}</th>
<td class="number"><span class="value">${parity.maxDifference.toExponential(1)}</span><small class="line">${parity.meanDifference.toExponential(1)}</small></td>
<td class="number">${share(parity.sameTop1, parity.images)}${parity.failed > 0 && html`<small class="line">${whole(parity.failed)} without an answer</small>`}</td>
<td class="number">${keptCell(parity)}</td>
<td class="number">${agreement === null ? '–' : share(agreement.sameTop1, agreement.images)}</td>
${times}</tr>
`;
}

function keptCell({ images, kept }: Parity): Markup {
  if (kept === null) return html`all are kept`;
  const same = images - kept.images;
  if (kept.images === 0) return html`${whole(same)} of ${whole(images)}`;
  const others = kept.images - kept.ties;
  return html`${whole(same)} of ${whole(images)}<small class="line">${counted(kept.ties, 'near-tie')}${kept.tieMargin > 1e-5 && html` (up to ${kept.tieMargin})`}${others > 0 && html`, <strong class="wrong">${counted(others, 'other')}</strong>`}</small>
<small class="line">${counted(kept.positions, 'token')} of ${whole(kept.total)}, margin at most ${kept.largestMargin.toExponential(1)}</small>`;
}

function missingList({ missing }: Comparison): Markup | null {
  if (missing.length === 0) return null;
  const items = missing.map(
    ({ name, schedules, reason, fix }) =>
      html`<li><strong>${name}</strong>${schedules.length > 0 && html` (${listed(schedules.map((schedule) => schedule || 'dense'))})`}: ${reason}.<br><span class="fix">To have it: ${fix}.</span></li>`,
  );
  return html`<h4>Not available on this machine</h4><ul class="missing-backends">${items}</ul>`;
}
