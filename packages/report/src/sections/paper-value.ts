/** A number of the paper, never without the tag of the source that vouches for it. */
import { type PaperTable, type PaperValue, splitTags } from '@vssm/results';
import { html, joined, type Markup } from '../html.ts';

type Sources = PaperTable['sources'];
type Values = PaperTable['rows'][number]['values'];

/** The tags as links into the legend. */
export function sourceTags(source: string, sources: Sources): Markup {
  const tags = splitTags(source).map(
    (tag) =>
      html`<a class="tag" href="#source-${tag}" title="${sources[tag] ?? 'unknown source'}">${tag}</a>`,
  );
  return html`<span class="tags">${joined(tags, ' ')}</span>`;
}

/** @param decimals of the number; see `columnDecimals` */
export function paperValue(value: PaperValue | undefined, sources: Sources, decimals: number): Markup {
  if (value === undefined) return html`<span class="none" aria-label="nothing published">–</span>`;
  if ('text' in value) {
    return html`<span class="words">${value.text}</span> ${sourceTags(value.source, sources)}`;
  }
  if (value.value === null) return html`<span class="none">${value.reason}</span>`;
  return html`<span class="paper">${value.value.toFixed(decimals)}</span> ${sourceTags(value.source, sources)}`;
}

/**
 * JSON drops the zeros of 3.60 and 93.0. A number is written with as many decimals as any number of the same
 * column and source has.
 */
export function columnDecimals(
  rows: readonly { readonly values: Values }[],
  column: string,
): (value: PaperValue | undefined) => number {
  const bySource = new Map<string, number>();
  for (const { values } of rows) {
    const value = values[column];
    if (value === undefined || !('value' in value) || value.value === null) continue;
    const decimals = String(value.value).split('.')[1]?.length ?? 0;
    bySource.set(value.source, Math.max(decimals, bySource.get(value.source) ?? 0));
  }
  return (value) => (value !== undefined && 'source' in value ? (bySource.get(value.source) ?? 0) : 0);
}

/** One cell per column. */
export function paperCells(
  rows: readonly { readonly values: Values }[],
  columns: readonly string[],
  sources: Sources,
): (row: { readonly values: Values }) => Markup[] {
  const decimals = new Map(columns.map((column) => [column, columnDecimals(rows, column)]));
  return ({ values }) =>
    columns.map((column) => {
      const value = values[column];
      return html`<td class="number">${paperValue(value, sources, decimals.get(column)!(value))}</td>`;
    });
}

const valueNames: Readonly<Record<string, string>> = {
  top1: 'top-1, %',
  top5: 'top-5, %',
  gflops: 'GFLOPs',
  throughput: 'throughput',
  tokens: 'tokens',
  top1BeforeFineTuning: 'top-1 before fine-tuning, %',
  top1Best: 'best of 30 epochs, %',
  boxAp: 'box AP',
  maskAp: 'mask AP',
  miou: 'mIoU',
  macc: 'mAcc',
  aacc: 'aAcc',
};

/** A column heading for a value of paper.json. */
export function valueName(name: string): string {
  return valueNames[name] ?? name;
}

/** The values' names over all rows, in the order in which they first appear. */
export function valueColumns(rows: readonly { readonly values: Values }[]): string[] {
  return [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
}
