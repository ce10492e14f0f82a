/** Something against the number of tokens: one line per model, points with the middle half of their rounds. */
import type { TopLevelSpec } from 'vega-lite';
import { whole } from '../format.ts';
import { type Colour, colour } from '../palette.ts';
import type { Chart, Size, Words } from './chart.ts';
import { legendColumns } from './theme.ts';

export interface LengthPoint {
  readonly model: string;
  readonly tokens: number;
  readonly value: number;
  /** Equal to the value where there is no spread. */
  readonly low: number;
  readonly high: number;
  /** The value, for people. */
  readonly text: string;
}

/** A straight line through a model's points, for comparison. */
export interface LengthLine {
  readonly model: string;
  readonly intercept: number;
  readonly slope: number;
}

interface LengthsChart extends Words {
  /** Title of the upright axis, and its name in the CSV. */
  readonly axis: string;
  readonly column: string;
  readonly points: readonly LengthPoint[];
  readonly lines: readonly LengthLine[];
}

export function lengthsChart({ axis, column, points, lines, ...words }: LengthsChart): Chart {
  return {
    ...words,
    data: points.map(({ model, tokens, value, low, high }) => ({
      model,
      tokens,
      [column]: value,
      p25: low,
      p75: high,
    })),
    spec: (size) => lengthsSpec(points, lines, axis, size),
  };
}

const palette: readonly Colour[] = ['top', 'accent1', 'accent3', 'accent2'];

function lengthsSpec(
  points: readonly LengthPoint[],
  lines: readonly LengthLine[],
  axis: string,
  size: Size,
): TopLevelSpec {
  const narrow = size.name === 'narrow';
  const models = [...new Set(points.map(({ model }) => model))];
  const lengths = [...new Set(points.map(({ tokens }) => tokens))].sort((a, b) => a - b);
  const longest = lengths.at(-1)!;
  const x = {
    field: 'tokens',
    type: 'quantitative' as const,
    title: 'tokens',
    scale: { domain: [0, longest * 1.03], nice: false },
    axis: {
      values: lengths.filter((_, index) => !narrow || index % 2 === 0),
      grid: false,
      labelFlush: false,
    },
  };
  const y = (field: string) => ({
    field,
    type: 'quantitative' as const,
    title: axis,
    axis: { tickCount: 5 },
  });
  const color = {
    field: 'model',
    type: 'nominal' as const,
    scale: { domain: models, range: models.map((_, index) => colour(palette[index % palette.length])) },
    legend: { title: null, columns: legendColumns(models, size.width) },
  };
  const ends = lines.flatMap(({ model, intercept, slope }) =>
    [0, longest].map((tokens) => ({ model, tokens, value: intercept + slope * tokens })),
  );
  return {
    width: size.width,
    height: narrow ? 230 : 270,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values: points.map((point) => ({ ...point, count: whole(point.tokens) })) },
    layer: [
      ...(ends.length === 0
        ? []
        : [
            {
              data: { values: ends },
              mark: { type: 'line' as const, strokeDash: [4, 4], strokeWidth: 1.2, aria: false },
              encoding: { x, y: y('value'), color },
            },
          ]),
      ...(ends.length > 0
        ? []
        : [
            {
              mark: { type: 'line' as const, strokeWidth: 1.5, aria: false },
              encoding: { x, y: y('value'), color },
            },
          ]),
      {
        mark: { type: 'rule' as const, strokeWidth: 1.5, aria: false },
        encoding: { x, y: y('low'), y2: { field: 'high' }, color },
      },
      {
        mark: { type: 'point' as const, filled: true, size: 60, opacity: 1 },
        encoding: {
          x,
          y: y('value'),
          color,
          tooltip: [
            { field: 'model', title: 'model' },
            { field: 'count', title: 'tokens' },
            { field: 'text', title: 'median' },
          ],
        },
      },
    ],
  };
}
