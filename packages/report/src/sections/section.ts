/** One part of the page: an anchor, a heading, and what stands below it. */
import type { Evidence } from '../evidence.ts';
import type { FileSet } from '../files.ts';
import { type Content, html, joined, type Markup } from '../html.ts';
import type { PairedComparison } from '../paired.ts';

export interface Section {
  readonly id: string;
  readonly title: string;
  /** In the navigation, where the title is too long for it. */
  readonly short?: string;
  readonly body: Markup;
}

export interface Context {
  readonly evidence: Evidence;
  readonly files: FileSet;
  readonly paired: PairedComparison;
}

/** Null where there is nothing to say. */
export type SectionWriter = (context: Context) => Promise<Section | null> | Section | null;

export function renderSection({ id, title, body }: Section): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title"><a href="#${id}">${title}</a></h2>
${body}
</section>
`;
}

/** A row that names what the rows below it belong to, over the whole width. */
export function groupRow(name: Content, columns: number): Markup {
  return html`<tr class="group"><th scope="rowgroup" colspan="${columns}"><span>${name}</span></th></tr>
`;
}

/** A schedule that may break after its commas, so that a long one leaves room for the numbers. */
export function scheduleText(schedule: string): Content {
  return joined(schedule.split(','), html`,<wbr>`);
}

/** A table that scrolls sideways by itself on a narrow screen; its caption stays where it is. */
export function table(caption: Content, head: Content, rows: readonly Content[], className = ''): Markup {
  return html`<figure class="table"><figcaption>${caption}</figcaption>
<div class="scroll" role="region" tabindex="0" aria-label="Table, scrolls sideways"><table class="${className}">
<thead>${head}</thead><tbody>
${rows}</tbody></table></div></figure>`;
}

/** For table cells: the page says the rest loudly at its top. */
export const partialMark: Markup = html`<strong class="stamp" title="cut down with --limit; not comparable">partial</strong>`;

export const partialStamp: Markup = html`<strong class="stamp">partial, not comparable</strong>`;
