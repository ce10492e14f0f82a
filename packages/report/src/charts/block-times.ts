/** Time of each block, stacked by part, the dense model's bar beside the pruned one's. */
import type { TopLevelSpec } from 'vega-lite';
import { ms } from '../format.ts';
import { type Colour, colour } from '../palette.ts';
import type { Chart, Size, Words } from './chart.ts';
import { legendColumns } from './theme.ts';

export interface BlockTime {
  readonly plan: string;
  /** 1-based. */
  readonly block: number;
  readonly part: string;
  readonly ms: number;
  readonly tokens: number;
}

export interface PartColour {
  readonly part: string;
  readonly colour: Colour;
}

export function blockTimesChart({
  times,
  parts,
  ...words
}: Words & { readonly times: readonly BlockTime[]; readonly parts: readonly PartColour[] }): Chart {
  return {
    ...words,
    data: times.map(({ plan, block, part, ms: value, tokens }) => ({
      plan,
      block,
      part,
      tokens,
      median_ms_per_image: value,
    })),
    spec: (size) => blockTimesSpec(times, parts, size),
  };
}

function blockTimesSpec(times: readonly BlockTime[], parts: readonly PartColour[], size: Size): TopLevelSpec {
  const narrow = size.name === 'narrow';
  const plans = [...new Set(times.map(({ plan }) => plan))];
  const shown = parts.filter(({ part }) => times.some((time) => time.part === part));
  const blocks = Math.max(...times.map(({ block }) => block));
  const values = times.map((time) => ({
    ...time,
    order: shown.findIndex(({ part }) => part === time.part),
    text: `${ms(time.ms)} ms`,
  }));
  return {
    width: size.width,
    height: narrow ? 280 : 330,
    autosize: { type: 'fit', contains: 'padding' },
    data: { values },
    mark: { type: 'bar', width: { band: 0.92 } },
    encoding: {
      x: {
        field: 'block',
        type: 'ordinal',
        title: plans.length > 1 ? `block: left bar ${plans[0]}, right bar ${plans[1]}` : 'block',
        scale: { paddingInner: narrow ? 0.18 : 0.3, paddingOuter: 0.1 },
        axis: {
          labelAngle: 0,
          domain: false,
          ticks: false,
          values: Array.from({ length: blocks }, (_, index) => index + 1).filter(
            (block) => !narrow || block === 1 || block % 5 === 0,
          ),
        },
      },
      xOffset: { field: 'plan', type: 'nominal', sort: plans },
      y: {
        field: 'ms',
        type: 'quantitative',
        stack: 'zero',
        title: 'ms per image, one core',
        axis: { tickCount: 5 },
      },
      order: { field: 'order', type: 'quantitative' },
      color: {
        field: 'part',
        type: 'nominal',
        scale: { domain: shown.map(({ part }) => part), range: shown.map((one) => colour(one.colour)) },
        legend: {
          title: null,
          columns: legendColumns(
            shown.map(({ part }) => part),
            size.width,
          ),
        },
      },
      tooltip: [
        { field: 'block', title: 'block' },
        { field: 'plan', title: 'plan' },
        { field: 'part', title: 'part' },
        { field: 'text', title: 'median' },
        { field: 'tokens', title: 'tokens' },
      ],
    },
  };
}
