/** The authors' own fine-tuning logs beside what is claimed of unaligned pruning: both, without a verdict. */
import { counted } from '@vssm/core';
import type { PaperTable } from '@vssm/results';
import { answer } from '../answers.ts';
import type { Evidence } from '../evidence.ts';
import { html, type Markup } from '../html.ts';
import { Footnotes } from './footnotes.ts';
import { gflopsHere } from './gflops-here.ts';
import { measuredCell } from './measured-cell.ts';
import { paperCells, sourceTags, valueColumns, valueName } from './paper-value.ts';
import { scheduleText, table } from './section.ts';

/** The column that our accuracies answer. */
const before = 'top1BeforeFineTuning';

export function authorsLogs(paper: PaperTable, evidence: Evidence): Markup | null {
  const { logs = [], claims = [], sources } = paper;
  if (logs.length === 0) return null;
  const columns = valueColumns(logs);
  const published = paperCells(logs, columns, sources);
  const footnotes = new Footnotes();
  const rows = logs.map((log) => {
    const found = answer(log.id, paper, evidence);
    const note = log.note !== undefined && footnotes.mark(html`${log.note}`);
    const cost = found.flops === null ? html`–` : gflopsHere(found.flops.paper, log.values.gflops);
    const measured = measuredCell(found);
    const cells = published(log).map(
      (cell, at) =>
        html`${cell}${columns[at] === before && measured}${columns[at] === 'gflops' && html`<td class="number">${cost}</td>`}`,
    );
    return html`<tr><th scope="row">${log.model}<small>${scheduleText(log.schedule)}${note}</small></th>
${cells}${!columns.includes(before) && measured}</tr>
`;
  });
  const hereHead = html`<th scope="col" class="number">top-1, %<small>here, before fine-tuning</small></th>`;
  const head = html`<tr><th scope="col">model<small>pruned after@keep</small></th>
${columns.map((name) => html`<th scope="col" class="number">${valueName(name)}</th>${name === before && hereHead}${name === 'gflops' && html`<th scope="col" class="number">GFLOPs<small>here, paper profile</small></th>`}`)}
${!columns.includes(before) && hereHead}</tr>`;
  const said = claims.map(({ text, source }) => html`<li>${text} ${sourceTags(source, sources)}</li>`);
  return html`<h4>The claim, and the authors’ own logs</h4>
<div class="tension">
<h5>Claimed</h5><ul class="claims">${said}</ul>
<h5>Logged by the authors</h5>
${table(html`Fine-tuning logs from the history of the authors’ repository, ${paper.dataset}; ${counted(logs.length, 'run')}`, head, rows)}
${footnotes.list()}
<p class="aside">The two do not sit easily together: hold the accuracies before fine-tuning against the dense rows of the table above. Which
commit of the released code wrote each log is not known, nor whether pruned tokens were removed or only masked. Both are shown; this
report does not decide between them.</p>
</div>`;
}
