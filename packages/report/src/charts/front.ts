/** Accuracy against strict FLOPs, one mark for each way of pruning, and the front: what no other one beats for its cost. */
import type { TopLevelSpec } from 'vega-lite';
import { flops } from '../format.ts';
import { type Colour, colour } from '../palette.ts';
import type { Chart, Size, Words } from './chart.ts';
import { legendColumns } from './theme.ts';

const frontGroups = ['dense', 'ToP', 'as published', 'our reading', 'ours', 'baseline'] as const;
export type FrontGroup = (typeof frontGroups)[number];

export interface FrontPoint {
  readonly name: string;
  readonly group: FrontGroup;
  readonly schedule: string;
  readonly strictGflops: number;
  readonly top1: number;
  readonly low: number;
  readonly high: number;
  readonly onFront: boolean;
}

const looks: Readonly<Record<FrontGroup, readonly [Colour, shape: string]>> = {
  dense: ['dense', 'circle'],
  ToP: ['top', 'diamond'],
  'as published': ['evit', 'triangle-up'],
  'our reading': ['released', 'triangle-down'],
  ours: ['class2', 'square'],
  baseline: ['other', 'circle'],
};

export function frontChart({ points, ...words }: Words & { readonly points: readonly FrontPoint[] }): Chart {
  return {
    ...words,
    data: points.map(({ onFront, ...point }) => ({ ...point, front: onFront ? 'yes' : 'no' })),
    spec: (size) => spec(points, size),
  };
}

function spec(points: readonly FrontPoint[], { name, width }: Size): TopLevelSpec {
  const groups = frontGroups.filter((group) => points.some((point) => point.group === group));
  const values = points.map((point) => ({
    ...point,
    mflops: point.strictGflops * 1000,
    cost: `${flops(point.strictGflops)}FLOPs`,
    interval: `${point.low.toFixed(1)} to ${point.high.toFixed(1)}`,
  }));
  const scaleOf = (part: 0 | 1) =>
    groups.map((group) => (part === 0 ? colour(looks[group][0]) : looks[group][1]));
  const by = { field: 'group', type: 'nominal' as const };
  const legend = { title: null, columns: legendColumns(groups, width) };
  return {
    width,
    height: name === 'narrow' ? 320 : 400,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values },
    encoding: {
      x: {
        field: 'mflops',
        type: 'quantitative',
        title: 'MFLOPs per image (strict profile)',
        scale: { zero: false, nice: true, padding: 14 },
        axis: { tickCount: name === 'narrow' ? 5 : 8 },
      },
      y: {
        field: 'top1',
        type: 'quantitative',
        title: 'top-1 accuracy, %',
        scale: { zero: false, nice: true, padding: 12 },
      },
    },
    layer: [
      {
        transform: [{ filter: 'datum.onFront' }],
        mark: { type: 'line', strokeWidth: 1.4, strokeDash: [5, 3], color: colour('strong'), aria: false },
        encoding: { order: { field: 'mflops', type: 'quantitative' } },
      },
      {
        mark: { type: 'point', filled: true, size: name === 'narrow' ? 38 : 52 },
        encoding: {
          color: { ...by, scale: { domain: groups, range: scaleOf(0) }, legend },
          shape: { ...by, scale: { domain: groups, range: scaleOf(1) }, legend },
          opacity: { condition: { test: 'datum.onFront', value: 1 }, value: 0.6 },
          tooltip: [
            { field: 'name', title: 'what' },
            { field: 'schedule', title: 'pruned after@keep' },
            { field: 'top1', title: 'top-1, %', format: '.2f' },
            { field: 'interval', title: '95 % interval' },
            { field: 'cost', title: 'cost' },
          ],
        },
      },
    ],
  };
}
