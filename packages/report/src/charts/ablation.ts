/** Bars with 95 % intervals: one group per variant, one bar per keep ratio, the dense model as a line. */
import type { TopLevelSpec } from 'vega-lite';
import type { Markup } from '../html.ts';
import { type Colour, colour } from '../palette.ts';
import type { Chart, Size } from './chart.ts';
import { brokenAtCommas, legendColumns } from './theme.ts';

export interface AblationBar {
  readonly variant: string;
  /** For instance `keep 0.7`; bars of one series have one shade. */
  readonly series: string;
  readonly top1: number;
  readonly low: number;
  readonly high: number;
  readonly images: number;
}

export interface AblationWords {
  readonly id: string;
  readonly title: string;
  readonly alt: string;
  readonly note: Markup;
  /** In the order in which variants and series are shown. */
  readonly bars: readonly AblationBar[];
  /** Top-1 of the dense model on the same images, percent. */
  readonly dense: number | null;
}

export function ablationChart({ bars, dense, ...words }: AblationWords): Chart {
  return {
    ...words,
    data: bars.map(({ variant, series, top1, low, high, images }) => ({
      variant,
      series,
      top1,
      low95: low,
      high95: high,
      images,
    })),
    spec: (size) => spec(bars, dense, size),
  };
}

const shades: readonly Colour[] = ['series1', 'series2', 'series3', 'series4'];

function spec(bars: readonly AblationBar[], dense: number | null, { name, width }: Size): TopLevelSpec {
  const variants = [...new Set(bars.map(({ variant }) => variant))];
  const series = [...new Set(bars.map((bar) => bar.series))];
  const thickness = name === 'narrow' ? 11 : 13;
  const group = series.length * thickness + 12;
  const y = {
    field: 'variant',
    type: 'nominal' as const,
    title: null,
    sort: variants,
    scale: { paddingInner: 12 / group, paddingOuter: 6 / group },
    axis: {
      domain: false,
      ticks: false,
      labelPadding: 8,
      labelColor: colour('ink'),
      labelFontSize: name === 'narrow' ? 10 : 12,
      labelLimit: 0,
      ...(name === 'narrow' ? brokenAtCommas : {}),
    },
  };
  const yOffset = { field: 'series', sort: series };
  const values = bars.map((bar) => ({
    ...bar,
    text: bar.top1.toFixed(1),
    interval: `${bar.low.toFixed(1)} to ${bar.high.toFixed(1)}`,
  }));
  const largest = Math.max(dense ?? 0, ...bars.map(({ high }) => high));
  const x = {
    field: 'top1',
    type: 'quantitative' as const,
    title: 'top-1 accuracy, %',
    // Room on the right for the numbers.
    scale: { domain: [0, largest * 1.14], nice: false },
    axis: { values: [0, 20, 40, 60, 80, 100].filter((value) => value <= largest * 1.05) },
  };
  return {
    width,
    height: variants.length * group + 96,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values },
    layer: [
      {
        mark: 'bar',
        encoding: {
          x,
          y,
          yOffset,
          color: {
            field: 'series',
            type: 'nominal',
            sort: series,
            scale: { domain: series, range: series.map((_, index) => colour(shades[index % shades.length])) },
            legend: { title: null, columns: legendColumns(series, width), offset: 20 },
          },
          tooltip: [
            { field: 'variant', title: 'variant' },
            { field: 'series', title: 'pruning' },
            { field: 'text', title: 'top-1, %' },
            { field: 'interval', title: '95 % interval' },
            { field: 'images', title: 'images', format: ',' },
          ],
        },
      },
      {
        mark: { type: 'rule', strokeWidth: 1.2, aria: false },
        encoding: {
          x: { field: 'low', type: 'quantitative' },
          x2: { field: 'high' },
          y,
          yOffset,
        },
      },
      {
        mark: { type: 'text', align: 'right', fontSize: 10.5, aria: false },
        encoding: { x: { value: 'width' }, y, yOffset, text: { field: 'text' } },
      },
      ...(dense === null ? [] : denseLine(dense)),
    ],
  };
}

function denseLine(dense: number): NonNullable<Extract<TopLevelSpec, { layer: unknown }>['layer']> {
  const data = { values: [{ dense, label: `dense ${dense.toFixed(1)}` }] };
  const x = { field: 'dense', type: 'quantitative' as const };
  return [
    {
      data,
      mark: { type: 'rule', color: colour('dense'), strokeDash: [4, 3], strokeWidth: 1.3 },
      encoding: { x },
    },
    {
      data,
      mark: {
        type: 'text',
        align: 'right',
        dx: -5,
        baseline: 'top',
        dy: -10,
        color: colour('dense'),
        aria: false,
      },
      encoding: { x, y: { value: 0 }, text: { field: 'label' } },
    },
  ];
}
