/** The weights that the project ships, evaluated by this report's own runs, held against the training's log. */
import type { AccuracyRecord, FinetuningRecord } from '@vssm/results';
import type { Evidence } from '../../evidence.ts';
import { whole } from '../../format.ts';
import { html, type Markup } from '../../html.ts';
import { planName } from '../../plan-names.ts';
import { partialStamp, table } from '../section.ts';

export function evaluatedAgain(record: FinetuningRecord, { finetuned }: Evidence): Markup | null {
  const compared = finetuned.flatMap(({ record: now }) => {
    const logged = loggedCorrect(record, now);
    return logged === null ? [] : [{ now, logged }];
  });
  if (compared.length === 0) return null;
  const head = html`<tr><th scope="col">weights</th><th scope="col">pruning</th><th scope="col" class="number">here</th>
<th scope="col" class="number">the log</th><th scope="col"></th></tr>`;
  const rows = compared.map(({ now, logged }) => {
    const { correct1, count, sample, model, plan, schedule } = now;
    const verdict = sample.partial
      ? partialStamp
      : correct1 === logged
        ? html`<span class="agrees">equal</span>`
        : html`${whole(Math.abs(correct1 - logged))} of ${whole(count)} apart`;
    const file = model.weights.from === 'checkpoint' ? model.weights.file : 'random';
    return html`<tr><th scope="row">${file}</th><td>${planName(plan, model)}${schedule !== '' && html`<small>${schedule}</small>`}</td>
<td class="number">${whole(correct1)} of ${whole(count)}</td><td class="number">${whole(logged)} of ${whole(record.dataset.test.total)}</td><td>${verdict}</td></tr>
`;
  });
  return table(
    html`The shipped weights evaluated by this run, and what their training’s log says`,
    head,
    rows,
  );
}

/** What the log says of these weights under this plan; null where it says nothing. */
function loggedCorrect({ dense, rows }: FinetuningRecord, { model, plan }: AccuracyRecord): number | null {
  if (model.weights.from !== 'checkpoint') return null;
  const { sha256 } = model.weights;
  if (plan.schedule.length === 0) return dense.sha256 === sha256 ? dense.correct : null;
  const same = JSON.stringify(plan);
  const row = rows.find((one) => JSON.stringify(one.plan) === same);
  if (row === undefined) return null;
  if (dense.sha256 === sha256) return row.before;
  return row.after.find((one) => one.sha256 === sha256)?.correct ?? null;
}
