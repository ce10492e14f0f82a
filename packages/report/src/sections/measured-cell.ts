/** The cell of a paper table that says what was measured here, or why nothing was. */
import type { Answer } from '../answers.ts';
import { capitalised, interval, points, whole } from '../format.ts';
import { html, joined, type Markup } from '../html.ts';
import { planName } from '../plan-names.ts';
import type { Footnotes } from './footnotes.ts';
import { valueName } from './paper-value.ts';
import { partialMark } from './section.ts';

/** Every accuracy that answers the row; the way of pruning is named where there is more than one. */
export function measuredCell({ accuracies, dense, skipped }: Answer, footnotes: Footnotes): Markup {
  if (dense.length > 0) return denseCell(dense);
  if (accuracies.length === 0) {
    const why =
      skipped !== null && footnotes.mark(html`${capitalised(skipped.reason)}. ${howTo(skipped.howToRun)}`);
    return html`<td><span class="notrun">not run</span>${why}</td>`;
  }
  const results = accuracies.map(({ record: { plan, top1, interval: range, count, sample } }) => {
    const name = accuracies.length > 1 && html`${planName(plan)}: `;
    return html`<div class="result">${name}<strong>${points(top1, 2)}</strong> <small>${interval(range)}, ${whole(count)} images</small>${sample.partial && partialMark}</div>`;
  });
  return html`<td>${results}</td>`;
}

/** Figures under the names of the table's columns. */
function denseCell(entries: Answer['dense']): Markup {
  const results = entries.map(({ record: { figures, images, partial } }) => {
    const named = Object.entries(figures).map(
      ([name, value]) =>
        html`${valueName(name)} <strong>${value == null ? 'undefined' : points(value, 1)}</strong>`,
    );
    return html`<div class="result">${joined(named, ', ')} <small>${whole(images)} images</small>${partial && partialMark}</div>`;
  });
  return html`<td>${results}</td>`;
}

/** A command, or a sentence where no command does it. */
export function howTo(howToRun: string): Markup {
  if (/^(pnpm|npx|node|vssm) /.test(howToRun)) return html`To run it: <code>${howToRun}</code>`;
  return html`${capitalised(howToRun)}.`;
}
