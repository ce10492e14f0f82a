/** How every chart looks: quiet axes, the report's own colours and type. */
import type { Config } from 'vega-lite';
import { colour } from '../palette.ts';
import { textWidth } from './text-width.ts';

const chartFont = 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif';

/** Axis labels in several lines, for narrow pictures. */
export const brokenAtCommas = { labelExpr: "split(datum.label, ', ')", labelLineHeight: 12 };

/** Of a line's symbol in a legend: long enough to see its dashes. */
export const strokeSize = 500;

/** As many columns as fit beside each other, so that no legend is cut off. */
export function legendColumns(names: readonly string[], width: number): number {
  const symbol = 32;
  const widest = Math.max(...names.map((name) => textWidth(name))) * 11 + symbol;
  return Math.max(1, Math.min(names.length, Math.floor(width / widest)));
}

export const chartConfig: Config = {
  background: 'transparent',
  font: chartFont,
  padding: { left: 2, top: 4, right: 8, bottom: 2 },
  view: { stroke: null },
  axis: {
    labelColor: colour('muted'),
    titleColor: colour('muted'),
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    titlePadding: 8,
    gridColor: colour('rule'),
    domainColor: colour('strong'),
    tickColor: colour('strong'),
    tickSize: 4,
    labelLimit: 0,
  },
  legend: {
    labelColor: colour('ink'),
    titleColor: colour('muted'),
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    symbolStrokeWidth: 1.5,
    symbolOpacity: 1,
    labelLimit: 0,
    orient: 'top',
    offset: 6,
    // Several legends stand below each other: side by side they may be wider than the picture. Vega-Lite hands this on
    // to Vega and does not say so in its types.
    ...({ layout: { top: { anchor: 'start', direction: 'vertical' } } } as object),
  },
  text: { color: colour('ink'), fontSize: 11 },
  rule: { color: colour('ink') },
};
