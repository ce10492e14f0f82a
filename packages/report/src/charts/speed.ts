/** Time: median ms per image with its spread, and the measured speed-up beside what strict FLOPs promise. */
import type { TopLevelSpec } from 'vega-lite';
import { ms, times } from '../format.ts';
import { colour } from '../palette.ts';
import type { Chart, Size, Words } from './chart.ts';
import { brokenAtCommas, legendColumns } from './theme.ts';

export interface TimeBar {
  readonly name: string;
  readonly dense: boolean;
  readonly medianMs: number;
  /** 25th and 75th percentile of the runs, ms per image. */
  readonly low: number;
  readonly high: number;
}

export interface SpeedupBar {
  readonly name: string;
  readonly measured: number;
  /** 25th and 75th percentile of the pairs' ratios. */
  readonly low: number;
  readonly high: number;
  /** strict(dense) / strict(pruned). */
  readonly promised: number;
}

export function timeChart({ bars, ...words }: Words & { readonly bars: readonly TimeBar[] }): Chart {
  return {
    ...words,
    data: bars.map(({ name, medianMs, low, high }) => ({
      name,
      median_ms_per_image: medianMs,
      p25_ms: low,
      p75_ms: high,
    })),
    spec: (size) => timeSpec(bars, size),
  };
}

export function speedupChart({ bars, ...words }: Words & { readonly bars: readonly SpeedupBar[] }): Chart {
  return {
    ...words,
    data: bars.map(({ name, measured, low, high, promised }) => ({ name, measured, low, high, promised })),
    spec: (size) => speedupSpec(bars, size),
  };
}

const names = (bars: readonly { name: string }[], size: Size) => ({
  field: 'name',
  type: 'nominal' as const,
  title: null,
  sort: [...new Set(bars.map(({ name }) => name))],
  scale: { paddingInner: 0.4, paddingOuter: 0.2 },
  axis: {
    domain: false,
    ticks: false,
    labelPadding: 8,
    labelColor: colour('ink'),
    labelFontSize: size.name === 'narrow' ? 10 : 12,
    labelLimit: 0,
    ...(size.name === 'narrow' ? brokenAtCommas : {}),
  },
});

function timeSpec(bars: readonly TimeBar[], size: Size): TopLevelSpec {
  const y = names(bars, size);
  const largest = Math.max(...bars.map(({ high }) => high));
  const values = bars.map((bar) => ({
    ...bar,
    text: `${ms(bar.medianMs)} ms`,
    range: `${ms(bar.low)} to ${ms(bar.high)} ms`,
    kind: bar.dense ? 'dense' : 'pruned',
  }));
  return {
    width: size.width,
    height: bars.length * 34 + 80,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values },
    layer: [
      {
        mark: 'bar',
        encoding: {
          x: {
            field: 'medianMs',
            type: 'quantitative',
            title:
              size.name === 'narrow' ? 'ms per image, median' : 'ms per image, median (shorter is better)',
            // Room on the right for the numbers.
            scale: { domain: [0, largest * (size.name === 'narrow' ? 1.35 : 1.16)], nice: false },
            axis: { tickCount: size.name === 'narrow' ? 4 : 7 },
          },
          y,
          color: {
            field: 'kind',
            type: 'nominal',
            scale: { domain: ['dense', 'pruned'], range: [colour('other'), colour('top')] },
            legend: { title: null },
          },
          tooltip: [
            { field: 'name', title: 'what' },
            { field: 'text', title: 'median' },
            { field: 'range', title: 'middle half of the runs' },
          ],
        },
      },
      {
        mark: { type: 'rule', strokeWidth: 1.3, aria: false },
        encoding: { x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' }, y },
      },
      {
        mark: { type: 'text', align: 'left', dx: 6, aria: false },
        encoding: { x: { field: 'high', type: 'quantitative' }, y, text: { field: 'text' } },
      },
    ],
  };
}

function speedupSpec(bars: readonly SpeedupBar[], size: Size): TopLevelSpec {
  const y = names(bars, size);
  const largest = Math.max(...bars.flatMap(({ high, promised }) => [high, promised]));
  const smallest = Math.min(1, ...bars.map(({ low }) => low));
  const values = bars.map((bar) => ({
    ...bar,
    text: times(bar.measured),
    promisedText: times(bar.promised),
    range: `${times(bar.low)} to ${times(bar.high)}`,
  }));
  const x = {
    field: 'measured',
    type: 'quantitative' as const,
    title: 'speed-up over the dense model (1 = no gain)',
    scale: { domain: [smallest * 0.98, largest * 1.08], nice: false, zero: false },
    axis: { tickCount: size.name === 'narrow' ? 4 : 7 },
  };
  const kinds = {
    domain: ['measured', 'promised by strict FLOPs'],
    range: [colour('top'), colour('accent1')],
  };
  const tooltip = [
    { field: 'name', title: 'what' },
    { field: 'text', title: 'measured, median of pairs' },
    { field: 'range', title: 'middle half of the pairs' },
    { field: 'promisedText', title: 'promised by strict FLOPs' },
  ];
  return {
    width: size.width,
    height: bars.length * 34 + 84,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values },
    layer: [
      {
        data: { values: [{ one: 1 }] },
        mark: { type: 'rule', color: colour('strong'), aria: false },
        encoding: { x: { field: 'one', type: 'quantitative' } },
      },
      {
        mark: { type: 'rule', strokeWidth: 1.4, color: colour('top'), aria: false },
        encoding: { x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' }, y },
      },
      {
        mark: { type: 'point', filled: true, size: 90, opacity: 1 },
        encoding: {
          x,
          y,
          color: {
            datum: 'measured',
            scale: kinds,
            legend: { title: null, columns: legendColumns(kinds.domain, size.width) },
          },
          tooltip,
        },
      },
      {
        mark: { type: 'tick', thickness: 3, size: 18, opacity: 1 },
        encoding: {
          x: { field: 'promised', type: 'quantitative' },
          y,
          color: { datum: 'promised by strict FLOPs' },
          tooltip,
        },
      },
    ],
  };
}
