/** Times as a table: medians with the middle half of the rounds below them. */
import { ratioOf, type Spread, spreadOf } from '@vssm/results/statistics';
import type { Timing } from '../exchange.ts';
import { make } from './elements.ts';

export function timingTable(timings: readonly Timing[]): HTMLElement {
  const pruned = timings.some(({ prunedMs }) => prunedMs !== null);
  const head = ['', ...(pruned ? ['dense', 'pruned', 'speed-up'] : ['dense'])];
  const table = make(
    'table',
    {},
    make('caption', {}, 'Wall clock in this browser; median, and the middle half of the rounds.'),
  );
  table.append(
    make('thead', {}, make('tr', {}, ...head.map((text) => make('th', { scope: 'col' }, text)))),
    make('tbody', {}, ...timings.flatMap(rows)),
  );
  return make('div', { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': 'Times' }, table);
}

function rows({ batch, denseMs, prunedMs }: Timing): HTMLElement[] {
  const speedup = prunedMs === null ? null : ratioOf(denseMs, prunedMs);
  const times = prunedMs === null ? [denseMs] : [denseMs, prunedMs];
  const row = (name: string, unit: string, measure: (ms: number) => number) =>
    make(
      'tr',
      {},
      make('th', { scope: 'row' }, name, make('small', {}, unit)),
      ...times.map((runs) => cell(spreadOf(runs.map(measure)), number)),
      ...(speedup === null ? [] : [cell(speedup, (value) => `${value.toFixed(2)} ×`)]),
    );
  if (batch === 1) return [row('Latency', 'ms, one image', (ms) => ms)];
  return [row('Throughput', `images/s, batch ${batch}`, (ms) => (1000 * batch) / ms)];
}

function cell({ median, low, high }: Spread, format: (value: number) => string): HTMLElement {
  return make('td', {}, format(median), make('small', {}, `${format(low)} to ${format(high)}`));
}

/** Three digits, never in powers of ten. */
function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
