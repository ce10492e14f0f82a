/**
 * HTML by tagged template. Everything interpolated is escaped unless it is Markup, which only this module makes:
 * a string from a results file cannot become markup.
 */
import { printableLines } from '@vssm/core';

/** Text that is HTML already. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

export type Content = Markup | string | number | null | undefined | false | readonly Content[];

/** `html`<p>${anything}</p>``; in attributes the quotes must be double ones, written in the template. */
export function html(strings: TemplateStringsArray, ...values: Content[]): Markup {
  let text = strings[0];
  for (const [index, value] of values.entries()) text += render(value) + strings[index + 1];
  return new Markup(text);
}

function render(value: Content): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return value.map(render).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Also of what a browser would obey rather than show: a mark that turns the writing direction around, for one. */
export function escapeHtml(text: string): string {
  return printableLines(text).replace(/[&<>"']/g, (character) => entities[character]);
}

/** JSON for a `<script type="application/json">`: nothing in it can end the element or open a comment. */
export function scriptJson(value: unknown): Markup {
  return new Markup(JSON.stringify(value).replaceAll('<', '\\u003c'));
}

/** Content with a separator between its parts. */
export function joined(parts: readonly Content[], separator: Content): Content[] {
  return parts.flatMap((part, index) => (index === 0 ? [part] : [separator, part]));
}

/** An id for anchors and file names: letters, digits and hyphens only. */
export function slug(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return plain.slice(0, 80) || 'x';
}
