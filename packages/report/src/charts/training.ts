/** A value over the epochs of trainings, one line each. */
import type { TopLevelSpec } from 'vega-lite';
import { type Colour, colour } from '../palette.ts';
import type { Chart, Size, Words } from './chart.ts';
import { legendColumns, strokeSize } from './theme.ts';

export interface TrainingLine {
  readonly name: string;
  readonly colour: Colour;
  readonly dashed: boolean;
  /** Marks at the points, for values that are rarer than epochs are long. */
  readonly marked: boolean;
  readonly points: readonly { readonly epoch: number; readonly value: number }[];
}

interface TrainingWords extends Words {
  /** Of the value: `loss`, `top-1, %`. */
  readonly unit: string;
  readonly lines: readonly TrainingLine[];
}

export function trainingChart({ unit, lines, ...words }: TrainingWords): Chart {
  return {
    ...words,
    data: lines.flatMap(({ name, points }) =>
      points.map(({ epoch, value }) => ({ training: name, epoch, [unit]: value })),
    ),
    spec: (size) => spec(unit, lines, size),
  };
}

function spec(unit: string, lines: readonly TrainingLine[], size: Size): TopLevelSpec {
  const narrow = size.name === 'narrow';
  const values = lines.flatMap(({ name, marked, points }) =>
    points.map((point) => ({ name, marked, ...point })),
  );
  const names = lines.map(({ name }) => name);
  const legend =
    lines.length > 1
      ? {
          title: null,
          columns: legendColumns(names, size.width),
          symbolType: 'stroke' as const,
          symbolSize: strokeSize,
        }
      : null;
  const encoding = {
    x: {
      field: 'epoch',
      type: 'quantitative' as const,
      title: 'epochs',
      axis: { tickCount: narrow ? 5 : 9 },
    },
    y: {
      field: 'value',
      type: 'quantitative' as const,
      title: unit,
      scale: { zero: false },
      axis: { tickCount: 6 },
    },
    color: {
      field: 'name',
      type: 'nominal' as const,
      sort: names,
      scale: { domain: names, range: lines.map((line) => colour(line.colour)) },
      legend,
    },
  };
  return {
    width: size.width,
    height: narrow ? 260 : 300,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values },
    encoding,
    layer: [
      {
        mark: { type: 'line', strokeWidth: 1.5 },
        encoding: {
          strokeDash: {
            field: 'name',
            type: 'nominal',
            sort: names,
            scale: { domain: names, range: lines.map(({ dashed }) => (dashed ? [5, 3] : [1, 0])) },
            legend,
          },
        },
      },
      {
        transform: [{ filter: 'datum.marked' }],
        mark: { type: 'point', size: 42, filled: true },
        encoding: {
          tooltip: [
            { field: 'name', title: 'training' },
            { field: 'epoch', title: 'epochs', format: '.2f' },
            { field: 'value', title: unit, format: '.3f' },
          ],
        },
      },
    ],
  };
}
