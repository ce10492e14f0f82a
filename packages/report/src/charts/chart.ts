/**
 * A chart is a Vega-Lite specification at two widths, with the words that stand for it. It is drawn here to SVG
 * files, which need no JavaScript; a browser with JavaScript draws the same specification again with tooltips.
 */
import { printableLines } from '@vssm/core';
import * as vega from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { FileSet } from '../files.ts';
import { html, type Markup, scriptJson } from '../html.ts';
import { lightOnly, paletteCss } from '../palette.ts';
import { measureTextWithoutCanvas } from './text-width.ts';
import { chartConfig } from './theme.ts';

export interface Size {
  readonly name: 'wide' | 'narrow';
  /** Pixels of the whole picture. */
  readonly width: number;
}

export const sizes: readonly Size[] = [
  { name: 'wide', width: 760 },
  { name: 'narrow', width: 350 },
];

/** What stands around a chart. */
export interface Words {
  /** File name and anchor. */
  readonly id: string;
  readonly title: string;
  /** What the picture shows, for those who do not see it. */
  readonly alt: string;
  /** Below the title: data set, sample, what the marks mean. */
  readonly note: Markup;
}

export interface Chart extends Words {
  readonly spec: (size: Size) => TopLevelSpec;
  /** Rows behind the picture, written as CSV. */
  readonly data: readonly Readonly<Record<string, string | number | null>>[];
}

/** Writes the chart's files and returns the figure that shows them. */
export async function figure(chart: Chart, files: FileSet): Promise<Markup> {
  const specs = Object.fromEntries(sizes.map((size) => [size.name, themed(chart.spec(size))]));
  for (const { name } of sizes) {
    files.add(`charts/${chart.id}.${name}.svg`, standalone(await renderSvg(specs[name])));
  }
  files.add(`charts/${chart.id}.vl.json`, `${lightOnly(JSON.stringify(specs.wide, null, 2))}\n`);
  files.add(`data/${chart.id}.csv`, csv(chart.data));
  const path = `charts/${chart.id}`;
  return html`<figure class="chart" id="${chart.id}">
<figcaption><h3>${chart.title}</h3><p>${chart.note}</p></figcaption>
<div class="plot" data-chart="${chart.id}"><picture><source media="(max-width: 40rem)" srcset="${path}.narrow.svg"><img src="${path}.wide.svg" alt="${chart.alt}"></picture></div>
<p class="files"><a href="data/${chart.id}.csv">Data (CSV)</a> <a href="${path}.vl.json">Chart (Vega-Lite)</a></p>
<script type="application/json" data-spec="${chart.id}">${scriptJson(specs)}</script>
</figure>`;
}

/** Labels come from results files: what a viewer would obey, or what no XML may hold, becomes visible. */
function themed(spec: TopLevelSpec): TopLevelSpec {
  const tame = JSON.parse(JSON.stringify(spec), (_, value: unknown) =>
    typeof value === 'string' ? printableLines(value) : value,
  ) as TopLevelSpec;
  return { ...tame, config: chartConfig };
}

/** Draws a specification; its colours may be CSS variables. */
export async function renderSvg(spec: TopLevelSpec): Promise<string> {
  measureTextWithoutCanvas();
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** An SVG file that brings the palette along, light and dark. */
function standalone(svg: string): string {
  return svg.replace(/^(<svg[^>]*>)/, `$1<style>${paletteCss()}</style>`);
}

/** RFC 4180, with the columns of the first row unless some are given. */
export function csv(rows: Chart['data'], columns: readonly string[] = Object.keys(rows[0] ?? {})): string {
  if (columns.length === 0) return '';
  const cell = (value: string | number | null) => {
    const text = value === null ? '' : String(value);
    // A leading = + - @ in a text would be a formula to a spreadsheet.
    const safe = typeof value === 'string' && /^[=+\-@\t]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const lines = rows.map((row) => columns.map((column) => cell(row[column] ?? null)).join(','));
  return `${[columns.join(','), ...lines].join('\r\n')}\r\n`;
}
