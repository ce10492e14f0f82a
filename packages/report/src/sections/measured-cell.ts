/** The cell of a paper table that says what was measured here, or why nothing was. */
import { counted } from '@vssm/core';
import type { AccuracyRecord } from '@vssm/results';
import type { Answer } from '../answers.ts';
import { interval, points } from '../format.ts';
import { html, joined, type Markup } from '../html.ts';
import { planName } from '../plan-names.ts';
import { valueName } from './paper-value.ts';
import { partialMark } from './section.ts';

/** Every accuracy that answers the row; what they differ in is named where there is more than one. */
export function measuredCell({ accuracies, vision, skipped }: Answer): Markup {
  if (vision.length > 0) return visionCell(vision);
  if (accuracies.length === 0) {
    // The reasons stand in one place.
    const words = skipped === null ? html`not run` : html`<a href="#not-run">not run</a>`;
    return html`<td class="number"><span class="notrun">${words}</span></td>`;
  }
  const differs = (name: (record: AccuracyRecord) => string) =>
    new Set(accuracies.map(({ record }) => name(record))).size > 1;
  const told = [
    ({ model }: AccuracyRecord) => model.name,
    ({ plan, model }: AccuracyRecord) => planName(plan, model),
    ({ schedule }: AccuracyRecord) => schedule,
    ({ backend }: AccuracyRecord) => backend.name,
  ].filter(differs);
  const results = accuracies.map(({ record }) => {
    const { top1, interval: range, count, sample } = record;
    const name =
      told.length > 0 && html`<small class="line">${told.map((own) => own(record)).join(', ')}</small>`;
    return html`<div class="result">${name}<strong>${points(top1, 2)}</strong><small class="line">${interval(range)}</small><small class="line">${counted(count, 'image')}</small>${sample.partial && partialMark}</div>`;
  });
  return html`<td class="number">${results}</td>`;
}

/** Figures under the names of the table's columns. */
function visionCell(entries: Answer['vision']): Markup {
  const results = entries.map(({ record: { figures, images, partial } }) => {
    const named = Object.entries(figures).map(
      ([name, value]) =>
        html`${valueName(name)} <strong>${value == null ? 'undefined' : points(value, 1)}</strong>`,
    );
    return html`<div class="result">${joined(named, ', ')} <small>${counted(images, 'image')}</small>${partial && partialMark}</div>`;
  });
  return html`<td class="number">${results}</td>`;
}
