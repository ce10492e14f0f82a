/**
 * Accuracy against cost, one chart per data set: numbers of different data sets never share an axis. Filled marks
 * with intervals were measured here, hollow ones were published (their tooltip names the source).
 */
import type { TopLevelSpec } from 'vega-lite';
import { flops } from '../format.ts';
import type { Markup } from '../html.ts';
import { colour } from '../palette.ts';
import { type Method, methodNames } from '../plan-names.ts';
import type { Chart, Size } from './chart.ts';
import { legendColumns } from './theme.ts';

export interface TradeoffPoint {
  readonly origin: 'measured' | 'published';
  /** The paper's GFLOPs profile. */
  readonly gflops: number;
  readonly top1: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly method: Method;
  /** What the point is, for the tooltip. */
  readonly name: string;
  /** Written beside the point; empty for most. */
  readonly label: string;
  /** Points of one name are joined by a line; null joins nothing. */
  readonly line: string | null;
  /** Source tags of a published number, or the sample of a measured one. */
  readonly source: string;
}

export function tradeoffChart(words: {
  readonly id: string;
  readonly title: string;
  readonly alt: string;
  readonly note: Markup;
  readonly points: readonly TradeoffPoint[];
}): Chart {
  const { points } = words;
  return {
    ...words,
    data: points.map(({ label: _, line: __, method, ...point }) => ({
      method: methodNames[method],
      ...point,
    })),
    spec: (size) => spec(points, size),
  };
}

const order: readonly Method[] = ['dense', 'top', 'evit', 'random', 'released', 'other'];
const shapes: Readonly<Record<Method, string>> = {
  dense: 'circle',
  top: 'diamond',
  evit: 'triangle-up',
  random: 'square',
  released: 'triangle-down',
  other: 'circle',
};

function spec(points: readonly TradeoffPoint[], { name, width }: Size): TopLevelSpec {
  const small = Math.max(...points.map(({ gflops }) => gflops)) < 0.1;
  const unit = small ? 'MFLOPs' : 'GFLOPs';
  const methods = order.filter((method) => points.some((point) => point.method === method));
  const costs = points.map(({ gflops }) => gflops);
  const middle = (Math.min(...costs) + Math.max(...costs)) / 2;
  const values = points.map((point) => ({
    ...point,
    align: point.gflops > middle ? 'right' : 'left',
    cost: small ? point.gflops * 1000 : point.gflops,
    costText: `${flops(point.gflops)}FLOPs`,
    method: methodNames[point.method],
    interval: point.low === null ? '' : `${point.low.toFixed(1)} to ${point.high?.toFixed(1)}`,
  }));
  const encodeColour = {
    field: 'method',
    type: 'nominal' as const,
    scale: { domain: methods.map((method) => methodNames[method]), range: methods.map(colour) },
    legend: {
      title: null,
      columns: legendColumns(
        methods.map((method) => methodNames[method]),
        width,
      ),
    },
  };
  const encodeShape = {
    field: 'method',
    type: 'nominal' as const,
    scale: {
      domain: methods.map((method) => methodNames[method]),
      range: methods.map((method) => shapes[method]),
    },
  };
  const x = {
    field: 'cost',
    type: 'quantitative' as const,
    title: `${unit} per image (paper profile)`,
    scale: { zero: false, nice: true, padding: 18 },
    axis: { tickCount: name === 'narrow' ? 5 : 8 },
  };
  const y = {
    field: 'top1',
    type: 'quantitative' as const,
    title: 'top-1 accuracy, %',
    scale: { zero: false, nice: true, padding: 12 },
  };
  const tooltip = [
    { field: 'name', title: 'what' },
    { field: 'origin', title: 'origin' },
    { field: 'top1', title: 'top-1, %', format: '.2f' },
    { field: 'interval', title: '95 % interval' },
    { field: 'costText', title: 'cost' },
    { field: 'source', title: 'source or sample' },
  ];
  const point = { type: 'point' as const, size: name === 'narrow' ? 55 : 75, strokeWidth: 1.6 };
  return {
    width,
    height: name === 'narrow' ? 320 : 400,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values },
    encoding: { x, y },
    layer: [
      {
        transform: [{ filter: 'isValid(datum.line)' }],
        mark: { type: 'line', strokeWidth: 1.3, opacity: 0.75 },
        encoding: {
          strokeDash: {
            condition: { test: `datum.method === '${methodNames.dense}'`, value: [1, 0] },
            value: [4, 3],
          },
          color: encodeColour,
          detail: { field: 'line' },
          order: { field: 'cost', type: 'quantitative' },
        },
      },
      {
        transform: [{ filter: `isValid(datum.low) && datum.method !== '${methodNames.other}'` }],
        mark: { type: 'rule', strokeWidth: 1.2, opacity: 0.65, aria: false },
        encoding: { y: { field: 'low', type: 'quantitative' }, y2: { field: 'high' }, color: encodeColour },
      },
      {
        transform: [{ filter: "datum.origin === 'published'" }],
        mark: { ...point, fill: colour('page') },
        encoding: { color: encodeColour, shape: encodeShape, tooltip },
      },
      {
        transform: [{ filter: "datum.origin === 'measured'" }],
        mark: { ...point, filled: true },
        encoding: {
          color: encodeColour,
          shape: encodeShape,
          opacity: { condition: { test: `datum.method === '${methodNames.other}'`, value: 0.55 }, value: 1 },
          tooltip,
        },
      },
      nameLayer('left', name),
      nameLayer('right', name),
    ],
  };
}

/** Names beside points: right of them, or left of those in the right half, where a name would leave the picture. */
function nameLayer(align: 'left' | 'right', size: Size['name']) {
  return {
    transform: [{ filter: `datum.label !== '' && datum.align === '${align}'` }],
    mark: {
      type: 'text' as const,
      align,
      dx: align === 'left' ? 7 : -7,
      dy: 11,
      aria: false,
      fontSize: size === 'narrow' ? 10 : 11,
    },
    encoding: { text: { field: 'label' } },
  };
}
