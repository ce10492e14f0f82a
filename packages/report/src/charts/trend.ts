/** One value of several rows over the commits of one machine, oldest on the left. */
import type { TopLevelSpec } from 'vega-lite';
import { type Colour, colour } from '../palette.ts';
import type { Chart, Size, Words } from './chart.ts';
import { legendColumns } from './theme.ts';

export interface TrendPoint {
  readonly commit: string;
  /** ISO date and time of the commit's run. */
  readonly at: string;
  readonly row: string;
  readonly value: number;
}

const palette: readonly Colour[] = ['top', 'accent1', 'accent3', 'accent2', 'dense', 'other'];

/** Rows that one picture can tell apart. */
export const mostRows = palette.length;

export function trendChart({
  points,
  unit,
  ...words
}: Words & { readonly points: readonly TrendPoint[]; readonly unit: string }): Chart {
  return {
    ...words,
    data: points.map(({ commit, at, row, value }) => ({ commit, at, row, [unit]: value })),
    spec: (size) => trendSpec(points, unit, size),
  };
}

function trendSpec(points: readonly TrendPoint[], unit: string, size: Size): TopLevelSpec {
  const narrow = size.name === 'narrow';
  const rows = [...new Set(points.map(({ row }) => row))];
  const commits = [...new Set(points.map(({ commit }) => commit))];
  const every = Math.ceil(commits.length / (narrow ? 5 : 12));
  return {
    width: size.width,
    height: narrow ? 260 : 300,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values: [...points] },
    mark: { type: 'line', point: { size: 28 }, strokeWidth: 1.5 },
    encoding: {
      x: {
        field: 'commit',
        type: 'ordinal',
        sort: commits,
        title: 'commit, oldest first',
        axis: { labelAngle: -40, values: commits.filter((_, at) => at % every === 0) },
      },
      y: {
        field: 'value',
        type: 'quantitative',
        title: unit,
        scale: { zero: false },
        axis: { tickCount: 5 },
      },
      color: {
        field: 'row',
        type: 'nominal',
        sort: rows,
        title: null,
        scale: { domain: rows, range: rows.map((_, at) => colour(palette[at])) },
        legend: { columns: legendColumns(rows, size.width) },
      },
      tooltip: [
        { field: 'row', type: 'nominal' },
        { field: 'commit', type: 'nominal' },
        { field: 'at', type: 'nominal', title: 'run' },
        { field: 'value', type: 'quantitative', title: unit },
      ],
    },
  };
}
