/** Time per token and memory as sequences grow. */

import { counted } from '@vssm/core';
import { spreadOf } from '@vssm/results/statistics';
import { figure } from '../../charts/chart.ts';
import { lengthsChart } from '../../charts/lengths.ts';
import { byLength, type ExecutionGroup, executionGroups, fitLine } from '../../executions.ts';
import { gigabytes, listed, whole } from '../../format.ts';
import { html, type Markup } from '../../html.ts';
import type { Context } from '../section.ts';

export async function lengthsPart({ evidence, files }: Context): Promise<Markup | null> {
  const groups = executionGroups(evidence).filter(({ kind }) => kind === 'lengths');
  if (groups.length === 0) return null;
  const figures = [await figure(timePerToken(groups, files.uniqueId('cpu-time-per-token')), files)];
  const measured = groups.filter(({ entries }) =>
    entries.every(({ record }) => record.peakMemoryBytes !== undefined),
  );
  if (measured.length > 0) figures.push(await figure(memory(measured, files.uniqueId('cpu-memory')), files));
  return html`<h3>Longer sequences</h3>
<p>Square images from 224 pixels a side upwards, dense, in the segments form. A scan’s work grows with the number of tokens and no faster, so
the time per token should stay what it is, and memory should grow in a straight line.</p>${figures}`;
}

function timePerToken(groups: readonly ExecutionGroup[], id: string) {
  const points = groups.flatMap(({ model, entries }) =>
    byLength({ entries } as ExecutionGroup).map(({ record }) => {
      const [tokens] = record.tokens;
      const { median, low, high } = spreadOf(record.samplesMs.map((ms) => (1000 * ms) / tokens));
      return { model, tokens, value: median, low, high, text: `${median.toFixed(0)} µs per token` };
    }),
  );
  return lengthsChart({
    id,
    title: 'Time per token against the number of tokens',
    alt: `Line chart. ${spoken(points)}.`,
    note: html`${settings(groups)} Bars span the middle half of the rounds; in each round every length runs once.`,
    axis: 'µs per token, median',
    column: 'us_per_token',
    points,
    lines: [],
  });
}

function memory(groups: readonly ExecutionGroup[], id: string) {
  const points = groups.flatMap((group) =>
    byLength(group).map(({ record }) => {
      const value = record.peakMemoryBytes! / 1e9;
      const text = gigabytes(record.peakMemoryBytes!);
      return { model: group.model, tokens: record.tokens[0], value, low: value, high: value, text };
    }),
  );
  return lengthsChart({
    id,
    title: 'Peak memory against the number of tokens',
    alt: `Dot chart with straight lines. ${spoken(points)}.`,
    note: html`One image for each of ${listed([...new Set(groups.map(({ threads }) => counted(threads, 'worker thread')))])}. The largest resident memory of a process that loads the model, runs it and does nothing else, Node.js and ONNX
Runtime included. Dashed: the straight line nearest to the points.`,
    axis: 'peak memory, GB',
    column: 'gigabytes',
    points,
    lines: groups.map(({ model, entries }) => {
      const pairs = entries.map(({ record }) => [record.tokens[0], record.peakMemoryBytes! / 1e9] as const);
      const { intercept, slope } = fitLine(pairs);
      return { model, intercept, slope };
    }),
  });
}

function spoken(points: readonly { model: string; tokens: number; text: string }[]): string {
  return points.map(({ model, tokens, text }) => `${model}, ${whole(tokens)} tokens: ${text}`).join('; ');
}

function settings(groups: readonly ExecutionGroup[]): string {
  const workers = [...new Set(groups.map(({ threads }) => counted(threads, 'worker thread')))];
  const batches = [...new Set(groups.flatMap(({ entries }) => entries.map(({ record }) => record.batch)))];
  return `${listed(workers)}; batches of ${listed(batches.sort((a, b) => b - a).map(String))}, fewer images the longer they are.`;
}
