/** Speed: time per image, the speed-up that was measured, and the one that strict FLOPs promise. */
import { counted } from '@vssm/core';
import type { SpeedRecord } from '@vssm/results';
import { quantile, ratioOf } from '@vssm/results/statistics';
import { figure } from '../charts/chart.ts';
import { speedupChart, timeChart } from '../charts/speed.ts';
import { disturbance, disturbedMark, processorGain } from '../disturbed.ts';
import type { Entry } from '../evidence.ts';
import { flops, listed, ms, points, times } from '../format.ts';
import { isDense, sameModel } from '../groups.ts';
import { html, joined, type Markup } from '../html.ts';
import { method, pathName, planName } from '../plan-names.ts';
import { furtherThreads } from '../processors.ts';
import { type Context, groupRow, type Section, scheduleText, table } from './section.ts';
import { planTerm, term } from './terms.ts';

export async function speed({ evidence, files }: Context): Promise<Section | null> {
  const entries = evidence.speed;
  if (entries.length === 0) return null;
  const many =
    new Set(entries.map(({ record }) => `${pathName(record.backend)} ${record.batch} ${record.threads}`))
      .size > 1;
  const nameOf = ({ record }: Entry<SpeedRecord>) => rowName(record, many);
  const times_ = timeChart({
    id: 'time-per-image',
    title: 'Time per image',
    alt: `Bar chart of the median time per image. ${entries.map((entry) => `${nameOf(entry)}: ${ms(entry.record.medianMs)} ms`).join('; ')}.`,
    note: html`${settings(entries)} Whiskers span the middle half of the runs.`,
    bars: entries.map((entry) => ({
      name: nameOf(entry),
      dense: isDense(entry.record),
      medianMs: entry.record.medianMs,
      low: quantile(entry.record.samplesMs, 0.25),
      high: quantile(entry.record.samplesMs, 0.75),
    })),
  });
  const gains = entries.flatMap((entry) => {
    const gain = gainOf(entry, entries);
    return gain === null ? [] : [{ name: nameOf(entry), ...gain }];
  });
  const figures = [await figure(times_, files)];
  if (gains.length > 0) {
    const chart = speedupChart({
      id: 'speed-up',
      title: 'Speed-up, measured and promised',
      alt: `Measured speed-up over the dense model beside what strict FLOPs promise. ${gains.map(({ name, measured, promised }) => `${name}: ${times(measured)} measured, ${times(promised)} promised`).join('; ')}.`,
      note: html`Dense and pruned runs were timed in turns, pair by pair. Dot: median of the pairs’ ratios; line: the middle half of them; tick: strict
FLOPs of the dense model over those of the pruned one.`,
      bars: gains,
    });
    figures.push(await figure(chart, files));
  }
  return {
    id: 'speed',
    title: 'Speed',
    body: html`<p>FLOPs saved are worth something only if they become time saved. ${weightsNote(entries)}
${furtherThreads(evidence).map((sentence) => `${sentence}. `)}</p>
${figures}${speedTable(entries)}`,
  };
}

function weightsNote(entries: readonly Entry<SpeedRecord>[]): string {
  const random = entries.some(({ record }) => record.model.weights.from === 'random');
  return random
    ? 'Models marked “random weights” are full-size but untrained: time does not depend on the weights’ values, accuracy would, so none is given.'
    : '';
}

function rowName(record: SpeedRecord, many: boolean): string {
  const how = isDense(record) ? 'dense' : `${planName(record.plan, record.model)} ${record.schedule}`;
  const setting = many
    ? `, ${pathName(record.backend)}, batch ${record.batch}, ${counted(record.threads, 'thread')}`
    : '';
  return `${record.model.name}, ${how}${setting}`;
}

function settings(entries: readonly Entry<SpeedRecord>[]): string {
  const machines = new Set(
    entries.map(({ run }) => (run === null ? 'an unnamed machine' : run.environment.cpu)),
  );
  const threads = new Set(entries.map(({ record }) => counted(record.threads, 'thread')));
  const batches = new Set(entries.map(({ record }) => `batch ${record.batch}`));
  const backends = new Set(entries.map(({ record }) => `${record.backend.name} (${record.backend.form})`));
  return `${listed([...machines])}; backend ${listed([...backends])}; ${listed([...batches])}; ${listed([...threads])}.`;
}

export interface Gain {
  readonly measured: number;
  /** The middle half of the rounds. */
  readonly low: number;
  readonly high: number;
  readonly promised: number;
  /** Share of the processors that other work took, where it disturbed the timing. */
  readonly disturbed: number | null;
}

/** Null for the dense model and for a pruned one whose dense partner is not there. */
export function gainOf({ record }: Entry<SpeedRecord>, entries: readonly Entry<SpeedRecord>[]): Gain | null {
  if (record.speedup === null) return null;
  const { against, median: measured, denseSamplesMs } = record.speedup;
  const partner = entries.find(({ record: other }) => other.key === against && sameModel(other, record));
  if (partner === undefined) return null;
  const { low, high } = ratioOf(denseSamplesMs, record.samplesMs);
  return {
    measured,
    low,
    high,
    promised: partner.record.flops.strict / record.flops.strict,
    disturbed: disturbance([record, partner.record]),
  };
}

function speedTable(entries: readonly Entry<SpeedRecord>[]): Markup {
  const head = html`<tr><th scope="col">model and method</th><th scope="col" class="number">ms/image<small>median</small></th>
<th scope="col" class="number">speed-up<small>measured</small></th><th scope="col" class="number">speed-up<small>${term('promised', 'promised')}</small></th>
<th scope="col" class="number">FLOPs<small>${term('strictProfile')}</small></th><th scope="col" class="number">${term('spread', 'spread')}</th>
<th scope="col" class="number">tokens</th><th scope="col">setting</th></tr>`;
  const byModel = Map.groupBy(entries, ({ record: { model } }) =>
    JSON.stringify([model.name, model.weights]),
  );
  const rows = [...byModel.values()].flatMap((own) => {
    const { name, weights } = own[0].record.model;
    const random = weights.from === 'random' && html` <small>random weights</small>`;
    return [groupRow(html`${name}${random}`, 8), ...own.map((entry) => speedRow(entry, entries))];
  });
  return table(
    'Time per image; spread is the interquartile range over the median; below a speed-up the middle half of its pairs',
    head,
    rows,
    'speeds',
  );
}

/** How many times what its matrix products alone take, where these were timed too. */
function overFloor({ floorMs, samplesMs }: SpeedRecord): Markup | null {
  if (floorMs === undefined) return null;
  const { median } = ratioOf(samplesMs, floorMs);
  return html`<small class="line">${times(median)} its matrix products</small>`;
}

function speedRow(entry: Entry<SpeedRecord>, entries: readonly Entry<SpeedRecord>[]): Markup {
  const { record } = entry;
  const { plan, backend, batch, threads, samplesMs } = record;
  const gain = gainOf(entry, entries);
  const lessTime = disturbance([record]) === null ? null : processorGain(record);
  const byProcessor =
    lessTime && html`<small class="line">${times(lessTime.median)} by processor time</small>`;
  return html`<tr class="${method(plan) === 'top' ? 'highlight' : ''}"><th scope="row">${planTerm(plan, record.model)}<small>${scheduleText(record.schedule)}</small></th>
<td class="number"><span class="value">${ms(record.medianMs)}</span><small class="line">${ms(record.minMs)} to ${ms(record.maxMs)}, ${counted(samplesMs.length, 'run')}</small>${overFloor(record)}${disturbedMark([record])}</td>
<td class="number">${gain === null ? '–' : html`<span class="value">${times(gain.measured)}</span><small class="line">${times(gain.low)} to ${times(gain.high)}</small>${byProcessor}`}</td>
<td class="number">${gain === null ? '–' : times(gain.promised)}</td>
<td class="number">${flops(record.flops.strict)}</td>
<td class="number">${points(100 * record.spread)} %</td>
<td class="number tokens">${joined(record.tokens.map(String), ' → ')}</td>
<td class="setting"><small>${backend.name}, ${backend.form}</small><small>batch ${batch}, ${counted(threads, 'thread')}</small></td></tr>
`;
}
