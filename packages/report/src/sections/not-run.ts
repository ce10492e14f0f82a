/** What was not run, why, and how to run it: one line for each reason. */
import { counted } from '@vssm/core';
import { capitalised } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { type Context, type Section, table } from './section.ts';

export function notRun({ evidence }: Context): Section | null {
  if (evidence.skipped.length === 0) return null;
  const groups = Map.groupBy(evidence.skipped, ({ record }) =>
    JSON.stringify([record.experiment, record.reason, record.howToRun]),
  );
  const rows = [...groups.values()].map((group) => {
    const { experiment, reason, howToRun } = group[0].record;
    const names = group.map(({ record }) => html`<li>${record.label}</li>`);
    return html`<tr><th scope="row">${experiment}<details><summary>${counted(group.length, 'row')}</summary><ul>${names}</ul></details></th>
<td class="prose">${capitalised(reason)}.</td><td class="prose">${howTo(howToRun)}</td></tr>
`;
  });
  const head = html`<tr><th scope="col">what</th><th scope="col">why</th><th scope="col">to run it</th></tr>`;
  return {
    id: 'not-run',
    title: 'What was not run',
    body: html`<p>A row that was not run, or was interrupted, has no number anywhere in this report.</p>
${table(`${counted(evidence.skipped.length, 'row')}, by experiment and reason`, head, rows, 'not-run')}`,
  };
}

/** A command, or a sentence where no command does it. */
function howTo(howToRun: string): Markup {
  if (/^(pnpm|npx|node|vssm) /.test(howToRun)) return html`<code>${howToRun}</code>`;
  return html`${capitalised(howToRun)}.`;
}
