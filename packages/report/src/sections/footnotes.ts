/** Notes of a table: each told once below it, and referred to by letter. */
import { html, type Markup } from '../html.ts';

export class Footnotes {
  readonly #notes = new Map<string, Markup>();

  /** The letter of a note; a note of the same text has the same letter. */
  mark(note: Markup): Markup {
    this.#notes.set(note.text, note);
    return html`<sup>${letter([...this.#notes.keys()].indexOf(note.text))}</sup>`;
  }

  list(): Markup | null {
    if (this.#notes.size === 0) return null;
    const items = [...this.#notes.values()].map(
      (note, index) => html`<li><span class="letter">${letter(index)}</span> ${note}</li>`,
    );
    return html`<ul class="footnotes">${items}</ul>`;
  }
}

/** a, b, … z, aa, ab, … */
function letter(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : letter(Math.floor(index / 26) - 1) + last;
}
