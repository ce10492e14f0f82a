/** What was not run, why, and how to run it. */
import { capitalised } from '../format.ts';
import { html } from '../html.ts';
import { howTo } from './measured-cell.ts';
import type { Context, Section } from './section.ts';

export function notRun({ evidence }: Context): Section | null {
  if (evidence.skipped.length === 0) return null;
  const groups = Map.groupBy(evidence.skipped, ({ record }) =>
    JSON.stringify([record.reason, record.howToRun]),
  );
  const items = [...groups.values()].map((group) => {
    const { reason, howToRun } = group[0].record;
    const byExperiment = Map.groupBy(group, ({ record }) => record.experiment);
    const rows = [...byExperiment].map(
      ([experiment, entries]) =>
        html`<li><strong>${experiment}</strong>: ${entries.map(({ record }) => record.label).join('; ')}</li>`,
    );
    return html`<article class="notrun-group"><p><strong>${capitalised(reason)}.</strong></p><p>${howTo(howToRun)}</p>
<details><summary>${group.length} ${group.length === 1 ? 'row' : 'rows'}</summary><ul>${rows}</ul></details></article>
`;
  });
  return {
    id: 'not-run',
    title: 'What was not run',
    body: html`<p>A row that was not run, or was interrupted, has no number anywhere in this report.</p>${items}`,
  };
}
