/** The words and signs of the report. */
import { html } from '../html.ts';
import type { Section } from './section.ts';
import { terms } from './terms.ts';

/** Always there, because the other sections lead to it. */
export function reading(): Section {
  const items = Object.entries(terms).map(
    ([name, [words, meaning]]) => html`<div id="term-${name}"><dt>${words}</dt><dd>${meaning}</dd></div>`,
  );
  return { id: 'reading', title: 'Words and signs', body: html`<dl class="facts wide">${items}</dl>` };
}
