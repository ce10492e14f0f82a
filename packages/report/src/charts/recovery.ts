/**
 * What fine-tuning recovers: per way of pruning and level a line from the accuracy before (hollow) to that after
 * (filled, one mark for each seed), with the dense model as a dashed line.
 */

import { mean } from '@vssm/results/statistics';
import type { TopLevelSpec } from 'vega-lite';
import { colour } from '../palette.ts';
import type { Chart, Size, Words } from './chart.ts';
import { brokenAtCommas, legendColumns } from './theme.ts';

export interface RecoveryRow {
  /** Way of pruning. */
  readonly name: string;
  /** For instance `keep 0.7`. */
  readonly level: string;
  /** Percent top-1. */
  readonly before: number;
  /** One for each seed. */
  readonly after: readonly { readonly seed: number; readonly top1: number }[];
}

interface RecoveryWords extends Words {
  readonly rows: readonly RecoveryRow[];
  readonly dense: number;
  /** Draws the accuracies after fine-tuning alone, on a separate axis. */
  readonly afterOnly: boolean;
}

export function recoveryChart({ rows, dense, afterOnly, ...words }: RecoveryWords): Chart {
  return {
    ...words,
    data: rows.flatMap(({ name, level, before, after }) =>
      after.map(({ seed, top1 }) => ({ pruning: name, level, before, seed, after: top1 })),
    ),
    spec: (size) => spec(rows, dense, afterOnly, size),
  };
}

const shades = ['top', 'accent1', 'accent2', 'accent3'] as const;

function spec(rows: readonly RecoveryRow[], dense: number, afterOnly: boolean, size: Size): TopLevelSpec {
  const narrow = size.name === 'narrow';
  const names = [...new Set(rows.map(({ name }) => name))];
  const levels = [...new Set(rows.map(({ level }) => level))];
  const band = 15 * levels.length + 12;
  const y = {
    field: 'name',
    type: 'nominal' as const,
    title: null,
    sort: names,
    axis: {
      domain: false,
      ticks: false,
      labelPadding: 8,
      labelColor: colour('ink'),
      labelFontSize: narrow ? 10 : 12,
      labelLimit: 0,
      ...(narrow ? brokenAtCommas : {}),
    },
  };
  const yOffset = { field: 'level', sort: levels };
  const color = {
    field: 'level',
    type: 'nominal' as const,
    sort: levels,
    scale: { domain: levels, range: levels.map((_, at) => colour(shades[at % shades.length])) },
    legend: { title: null, columns: legendColumns(levels, size.width), offset: 20 },
  };
  const x = (field: string) => ({
    field,
    type: 'quantitative' as const,
    title: 'top-1 accuracy, %',
    scale: { zero: false, nice: true, padding: 10 },
    axis: { tickCount: narrow ? 5 : 8 },
  });
  const means = rows.map(({ name, level, before, after }) => ({
    ...{ name, level, before, seeds: after.length },
    mean: mean(after.map(({ top1 }) => top1)),
  }));
  const runs = rows.flatMap(({ name, level, after }) => after.map((run) => ({ name, level, ...run })));
  const beginnings: Layers = [
    {
      data: { values: means },
      mark: { type: 'rule', strokeWidth: 1.4, opacity: 0.7, aria: false },
      encoding: { x: x('before'), x2: { field: 'mean' }, y, yOffset, color },
    },
    {
      data: { values: means },
      mark: { type: 'point', size: 45, strokeWidth: 1.5, fill: colour('page') },
      encoding: {
        ...{ x: x('before'), y, yOffset, color },
        tooltip: [
          { field: 'name', title: 'pruning' },
          { field: 'level', title: 'level' },
          { field: 'before', title: 'before fine-tuning, %', format: '.2f' },
        ],
      },
    },
  ];
  return {
    width: size.width,
    height: names.length * band + 96,
    autosize: { type: 'fit', contains: 'padding' },
    layer: [
      {
        data: { values: [{ dense, label: `dense ${dense.toFixed(1)}` }] },
        mark: { type: 'rule', color: colour('dense'), strokeDash: [4, 3], strokeWidth: 1.3 },
        encoding: { x: { field: 'dense', type: 'quantitative' } },
      },
      {
        data: { values: [{ dense, label: `dense ${dense.toFixed(2)}` }] },
        mark: { type: 'text', align: 'right', dx: -5, dy: -7, color: colour('dense'), aria: false },
        encoding: {
          x: { field: 'dense', type: 'quantitative' },
          y: { value: 0 },
          text: { field: 'label' },
        },
      },
      ...(afterOnly ? [] : beginnings),
      {
        data: { values: runs },
        mark: { type: 'point', size: afterOnly ? 60 : 45, filled: true, opacity: 0.75 },
        encoding: {
          ...{ x: x('top1'), y, yOffset, color },
          tooltip: [
            { field: 'name', title: 'pruning' },
            { field: 'level', title: 'level' },
            { field: 'seed', title: 'seed' },
            { field: 'top1', title: 'after fine-tuning, %', format: '.2f' },
          ],
        },
      },
      {
        data: { values: means.filter(({ seeds }) => seeds > 1) },
        mark: { type: 'tick', thickness: 2, size: 16, aria: false },
        encoding: { x: x('mean'), y, yOffset, color },
      },
    ],
  };
}

type Layers = NonNullable<Extract<TopLevelSpec, { layer: unknown }>['layer']>;
