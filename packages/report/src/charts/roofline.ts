/**
 * Roofline: what each part reaches, against the fastest product and the fastest copy of the machine. Parts are told
 * apart by colour and legend: points lie too close for names beside them.
 */
import type { TopLevelSpec } from 'vega-lite';
import { points as decimals } from '../format.ts';
import { type Colour, colour } from '../palette.ts';
import type { Chart, Size, Words } from './chart.ts';
import { legendColumns } from './theme.ts';

export interface RooflinePoint {
  readonly name: string;
  readonly colour: Colour;
  /** Operations per byte. */
  readonly intensity: number;
  /** 10^9 operations a second. */
  readonly gflopsPerSecond: number;
  /** Of the time, 0 … 1. */
  readonly share: number;
}

export interface Roof {
  readonly gflopsPerSecond: number;
  readonly gigabytesPerSecond: number;
}

export function rooflineChart({
  points,
  roof,
  ...words
}: Words & { readonly points: readonly RooflinePoint[]; readonly roof: Roof }): Chart {
  return {
    ...words,
    data: points.map(({ name, intensity, gflopsPerSecond, share }) => ({
      part: name,
      operations_per_byte: intensity,
      gflops_per_second: gflopsPerSecond,
      share_of_time: share,
      bandwidth_roof_gflops_per_second: roof.gigabytesPerSecond * intensity,
      compute_roof_gflops_per_second: roof.gflopsPerSecond,
    })),
    spec: (size) => rooflineSpec(points, roof, size),
  };
}

/** What the roofs allow at an intensity. */
export function roofAt({ gflopsPerSecond, gigabytesPerSecond }: Roof, intensity: number): number {
  return Math.min(gflopsPerSecond, gigabytesPerSecond * intensity);
}

function rooflineSpec(points: readonly RooflinePoint[], roof: Roof, size: Size): TopLevelSpec {
  const narrow = size.name === 'narrow';
  const ridge = roof.gflopsPerSecond / roof.gigabytesPerSecond;
  const left = Math.min(...points.map(({ intensity }) => intensity), ridge) / 3;
  const right = Math.max(...points.map(({ intensity }) => intensity), ridge) * 3;
  const bottom = Math.min(...points.map(({ gflopsPerSecond }) => gflopsPerSecond), roofAt(roof, left)) / 1.6;
  const top = roof.gflopsPerSecond * 1.7;
  const x = {
    field: 'intensity',
    type: 'quantitative' as const,
    title: 'strict operations per byte moved (log scale)',
    scale: { type: 'log' as const, domain: [left, right], nice: false },
    axis: { values: ticks(left, right), grid: false },
  };
  const y = {
    field: 'rate',
    type: 'quantitative' as const,
    title: narrow ? 'GFLOP/s (log scale)' : '10⁹ strict operations a second (log scale)',
    scale: { type: 'log' as const, domain: [bottom, top], nice: false },
    axis: { values: ticks(bottom, top) },
  };
  const corner = (intensity: number) => ({ intensity, rate: roofAt(roof, intensity) });
  const values = points.map((point) => ({
    ...point,
    rate: point.gflopsPerSecond,
    rateText: `${decimals(point.gflopsPerSecond)} GFLOP/s`,
    shareText: `${decimals(100 * point.share)} %`,
    ofRoof: `${decimals((100 * point.gflopsPerSecond) / roofAt(roof, point.intensity))} % of the roof there`,
    label: narrow ? point.name : `${point.name}, ${decimals(100 * point.share)} % of the time`,
  }));
  return {
    width: size.width,
    height: narrow ? 360 : 380,
    autosize: { type: 'fit', contains: 'padding' },
    layer: [
      {
        data: { values: [corner(left), corner(ridge), corner(right)] },
        mark: { type: 'line', color: colour('strong'), strokeWidth: 2, aria: false },
        encoding: { x, y },
      },
      {
        data: {
          values: [{ ...corner(ridge), text: `matrix product, ${roof.gflopsPerSecond.toFixed(0)} GFLOP/s` }],
        },
        mark: { type: 'text', align: 'left', dx: 4, dy: -10, color: colour('muted'), aria: false },
        encoding: { x, y, text: { field: 'text' } },
      },
      {
        data: {
          values: [
            {
              ...corner(left ** 0.7 * ridge ** 0.3),
              text: `copy, ${roof.gigabytesPerSecond.toFixed(1)} GB/s`,
            },
          ],
        },
        mark: { type: 'text', align: 'left', dx: 10, dy: 6, color: colour('muted'), aria: false },
        encoding: { x, y, text: { field: 'text' } },
      },
      {
        data: { values },
        mark: { type: 'point', filled: true, opacity: 1, stroke: colour('page'), strokeWidth: 1 },
        encoding: {
          x,
          y,
          color: {
            field: 'label',
            type: 'nominal',
            scale: {
              domain: values.map(({ label }) => label),
              range: points.map((point) => colour(point.colour)),
            },
            legend: {
              title: null,
              columns: legendColumns(
                values.map(({ label }) => label),
                size.width,
              ),
              symbolType: 'circle',
            },
          },
          size: {
            field: 'share',
            type: 'quantitative',
            scale: { type: 'linear', domain: [0, 1], range: [60, 900] },
            legend: null,
          },
          tooltip: [
            { field: 'name', title: 'part' },
            { field: 'rateText', title: 'reaches' },
            { field: 'ofRoof', title: 'that is' },
            { field: 'shareText', title: 'of the time' },
          ],
        },
      },
    ],
  };
}

/** 1, 2, 5, 10, 20, … between two bounds. */
function ticks(low: number, high: number): number[] {
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const digit of [1, 2, 5]) found.push(Number(`${digit}e${power}`));
  }
  return found.filter((tick) => tick >= low && tick <= high);
}
