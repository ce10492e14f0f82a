/** Backends side by side: distance from the reference on a logarithmic axis, and images a second by batch size. */
import type { TopLevelSpec } from 'vega-lite';
import { type Colour, colour } from '../palette.ts';
import type { Chart, Size, Words } from './chart.ts';
import { legendColumns, strokeSize } from './theme.ts';

export interface ParityPoint {
  readonly backend: string;
  readonly plan: string;
  /** Over all logits of all images: largest and mean |Δ|; above 0. */
  readonly largest: number;
  readonly mean: number;
}

export interface ThroughputPoint {
  readonly backend: string;
  readonly plan: string;
  readonly batch: number;
  readonly imagesPerSecond: number;
  /** Of the middle half of the rounds. */
  readonly low: number;
  readonly high: number;
}

const backendColours: readonly Colour[] = [
  'top',
  'accent1',
  'accent3',
  'accent2',
  'dense',
  'other',
  'good',
  'class2',
  'class7',
];
const planColours: readonly Colour[] = ['dense', 'top', 'accent1', 'accent3', 'accent2'];

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];
const cycled = (palette: readonly Colour[], count: number) =>
  Array.from({ length: count }, (_, at) => colour(palette[at % palette.length]));

/** @param bound what the conformance suite allows float32 */
export function parityChart({
  points,
  bound,
  ...words
}: Words & { readonly points: readonly ParityPoint[]; readonly bound: number }): Chart {
  return {
    ...words,
    data: points.map(({ backend, plan, largest, mean }) => ({
      backend,
      plan,
      largest_difference: largest,
      mean_difference: mean,
    })),
    spec: (size) => paritySpec(points, bound, size),
  };
}

function paritySpec(points: readonly ParityPoint[], bound: number, { width, name }: Size): TopLevelSpec {
  const narrow = name === 'narrow';
  const plans = distinct(points.map(({ plan }) => plan));
  const lowest = Math.min(...points.map(({ mean }) => mean));
  const highest = Math.max(bound, ...points.map(({ largest }) => largest));
  const scale = {
    type: 'log' as const,
    domain: [10 ** Math.floor(Math.log10(lowest)), 10 ** Math.ceil(Math.log10(highest * 1.01))],
    nice: false,
  };
  const y = {
    field: 'backend',
    type: 'nominal' as const,
    title: null,
    sort: distinct(points.map(({ backend }) => backend)),
    axis: {
      domain: false,
      ticks: false,
      grid: true,
      labelPadding: 8,
      labelColor: colour('ink'),
      labelFontSize: narrow ? 10 : 12,
      labelLimit: 0,
      ...(narrow ? { labelExpr: "split(datum.label, '/')", labelLineHeight: 12 } : {}),
    },
  };
  const yOffset = { field: 'plan', type: 'nominal' as const, sort: plans };
  const color = {
    field: 'plan',
    type: 'nominal' as const,
    scale: { domain: plans, range: cycled(planColours, plans.length) },
    legend: { title: null, columns: legendColumns(plans, width) },
  };
  const axis = { format: '.0e', tickCount: narrow ? 4 : 8, grid: false };
  const x = (field: string) => ({
    field,
    type: 'quantitative' as const,
    title: '|Δlogit| from the float64 reference',
    scale,
    axis,
  });
  const tooltip = [
    { field: 'backend', title: 'backend' },
    { field: 'plan', title: 'plan' },
    { field: 'largest', title: 'largest', format: '.2e' },
    { field: 'mean', title: 'mean', format: '.2e' },
  ];
  return {
    width,
    height: distinct(points.map(({ backend }) => backend)).length * 40 + 90,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values: [...points] },
    layer: [
      {
        data: { values: [{ bound, text: narrow ? '' : 'allowed by the tests' }] },
        encoding: { x: { field: 'bound', type: 'quantitative', scale } },
        layer: [
          { mark: { type: 'rule', strokeDash: [4, 4], color: colour('strong'), aria: false } },
          {
            mark: {
              type: 'text',
              align: 'right',
              baseline: 'bottom',
              dx: -5,
              y: -2,
              color: colour('muted'),
              aria: false,
            },
            encoding: { text: { field: 'text' } },
          },
        ],
      },
      {
        mark: { type: 'rule', strokeWidth: 1.2, opacity: 0.6, aria: false },
        encoding: { x: x('mean'), x2: { field: 'largest' }, y, yOffset, color },
      },
      {
        mark: { type: 'point', filled: true, size: 65, opacity: 1 },
        encoding: { x: x('largest'), y, yOffset, color, tooltip },
      },
      {
        mark: { type: 'tick', thickness: 2.5, size: 11, opacity: 1 },
        encoding: { x: x('mean'), y, yOffset, color, tooltip },
      },
    ],
  };
}

export function throughputChart({
  points,
  ...words
}: Words & { readonly points: readonly ThroughputPoint[] }): Chart {
  return {
    ...words,
    data: points.map(({ backend, plan, batch, imagesPerSecond, low, high }) => ({
      backend,
      plan,
      batch,
      images_per_second: imagesPerSecond,
      p25: low,
      p75: high,
    })),
    spec: (size) => throughputSpec(points, size),
  };
}

function throughputSpec(points: readonly ThroughputPoint[], { width, name }: Size): TopLevelSpec {
  const narrow = name === 'narrow';
  const backends = distinct(points.map(({ backend }) => backend));
  const plans = distinct(points.map(({ plan }) => plan));
  const batches = distinct(points.map(({ batch }) => batch)).sort((a, b) => a - b);
  const lowest = Math.min(...points.map(({ low }) => low));
  const highest = Math.max(...points.map(({ high }) => high));
  const x = {
    field: 'batch',
    type: 'quantitative' as const,
    title: 'images in one run',
    scale: {
      type: 'log' as const,
      base: 2,
      domain: [batches[0] * 0.93, batches.at(-1)! * 1.08],
      nice: false,
    },
    axis: { values: batches, format: 'd', grid: false, labelFlush: false },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative' as const,
    title: 'images a second',
    // From the slowest to the fastest and no further: a decade of nothing would flatten the lines.
    scale: { type: 'log' as const, domain: [0.8 * lowest, 1.25 * highest], nice: false },
    axis: { tickCount: 6, format: '~s' },
  });
  const color = {
    field: 'backend',
    type: 'nominal' as const,
    scale: { domain: backends, range: cycled(backendColours, backends.length) },
    legend: { title: null, columns: legendColumns(backends, width) },
  };
  const dashes = [
    [1, 0],
    [5, 3],
    [2, 2],
    [8, 3, 2, 3],
  ];
  const strokeDash = {
    field: 'plan',
    type: 'nominal' as const,
    scale: { domain: plans, range: plans.map((_, at) => dashes[at % dashes.length]) },
    legend:
      plans.length === 1
        ? null
        : {
            title: null,
            columns: legendColumns(plans, width),
            symbolType: 'stroke' as const,
            symbolSize: strokeSize,
          },
  };
  const tooltip = [
    { field: 'backend', title: 'backend' },
    { field: 'plan', title: 'plan' },
    { field: 'batch', title: 'images in one run' },
    { field: 'imagesPerSecond', title: 'images a second, median', format: '.4~r' },
  ];
  return {
    width,
    height: narrow ? 360 : 380,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values: [...points] },
    layer: [
      {
        mark: { type: 'line', strokeWidth: 1.6, aria: false },
        encoding: { x, y: y('imagesPerSecond'), color, strokeDash },
      },
      {
        mark: { type: 'rule', strokeWidth: 1.2, opacity: 0.7, aria: false },
        encoding: { x, y: y('low'), y2: { field: 'high' }, color },
      },
      {
        mark: { type: 'point', filled: true, size: 50, opacity: 1 },
        encoding: { x, y: y('imagesPerSecond'), color, tooltip },
      },
    ],
  };
}
