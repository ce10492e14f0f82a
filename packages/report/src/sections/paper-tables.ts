/** The paper's tables beside what this project computed and measured for the same rows. */
import type { PaperTable, PaperValue } from '@vssm/results';
import { type Answer, answer } from '../answers.ts';
import type { Evidence } from '../evidence.ts';
import { capitalised } from '../format.ts';
import { html, type Markup } from '../html.ts';
import { type Method, methodNames } from '../plan-names.ts';
import { authorsLogs } from './authors-logs.ts';
import { Footnotes } from './footnotes.ts';
import { gflopsHere } from './gflops-here.ts';
import { measuredCell } from './measured-cell.ts';
import { paperCells, sourceTags, valueColumns, valueName } from './paper-value.ts';
import { type Context, type Section, table } from './section.ts';

export function paperTables({ evidence }: Context): Section | null {
  if (evidence.tables.length === 0) return null;
  return {
    id: 'paper',
    title: 'The paper, and what came out here',
    body: html`<p>Published numbers carry the tag of the source that vouches for them; what is not known is said to be
not known. GFLOPs “here” are computed; a ✓ means that the paper profile gives the published value to its last decimal. Accuracies “here” were
measured on the table’s own data set with trained weights, and before fine-tuning where a model is pruned.</p>
${sourceLegend(evidence.tables)}
${evidence.tables.map((paper) => onePaperTable(paper, evidence))}`,
  };
}

function sourceLegend(tables: readonly PaperTable[]): Markup {
  const sources = new Map(tables.flatMap((paper) => Object.entries(paper.sources)));
  const items = [...sources].map(
    ([tag, meaning]) =>
      html`<div><dt id="source-${tag}"><span class="tag">${tag}</span></dt><dd>${meaning}</dd></div>`,
  );
  return html`<dl class="legend" aria-label="Sources of published numbers">${items}</dl>`;
}

function onePaperTable(paper: PaperTable, evidence: Evidence): Markup {
  const { sources } = paper;
  const columns = valueColumns(paper.rows);
  const published = paperCells(paper.rows, columns, sources);
  const answers = paper.rows.map((row) => answer(row.id, paper, evidence));
  const withCosts = answers.some(({ flops }) => flops !== null);
  const withSchedules = paper.rows.some(({ schedule }) => schedule !== undefined);
  const footnotes = new Footnotes();
  const rows = paper.rows.map((row, index) => {
    const found = answers[index];
    const note = row.note !== undefined && footnotes.mark(html`${row.note}`);
    const schedule = withSchedules && html`<td class="schedule">${row.schedule ?? dash}${note}</td>`;
    const model = modelCell(paper.rows, index);
    return html`<tr>${model}<td>${methodName(row.method)}${!withSchedules && note}</td>${schedule}
${published(row)}${withCosts && costCells(found, row.values.gflops)}${measuredCell(found, footnotes)}</tr>
`;
  });
  const head = html`<tr><th scope="col">model</th><th scope="col">method</th>${withSchedules && html`<th scope="col">pruned after@keep</th>`}
${columns.map((name) => html`<th scope="col" class="number">${valueName(name)}<small>published</small></th>`)}
${withCosts && costHeadings}<th scope="col">${measured(columns)}<small>here</small></th></tr>`;
  return html`<div class="paper-table" id="table-${paper.table}">
<h3>Table ${paper.table}. ${capitalised(paper.title)}</h3>
${table(html`Table ${paper.table} of the paper, ${paper.dataset}`, head, rows, 'comparison')}
${footnotes.list()}
${claims(paper)}
${authorsLogs(paper, evidence)}
</div>`;
}

/** What the last column holds: the table's own figures. */
function measured(columns: readonly string[]): string {
  const figures = columns.filter((name) => ['boxAp', 'maskAp', 'miou'].includes(name));
  return figures.length === 0 ? valueName('top1') : figures.map(valueName).join(', ');
}

/** One cell for neighbouring rows of one model. */
function modelCell(rows: PaperTable['rows'], index: number): Markup | null {
  const { model } = rows[index];
  if (rows[index - 1]?.model === model) return null;
  const next = rows.findIndex((row, at) => at > index && row.model !== model);
  const span = (next === -1 ? rows.length : next) - index;
  return html`<th scope="rowgroup" rowspan="${span}">${model}</th>`;
}

const dash = html`<span class="none" aria-label="nothing">–</span>`;

function methodName(name: string): string {
  return Object.hasOwn(methodNames, name) ? methodNames[name as Method] : name;
}

const costHeadings = html`<th scope="col" class="number">GFLOPs<small>here, paper profile</small></th>
<th scope="col" class="number">GFLOPs<small>here, strict profile</small></th>`;

function costCells({ flops }: Answer, published: PaperValue | undefined): Markup {
  if (flops === null) return html`<td class="number">${dash}</td><td class="number">${dash}</td>`;
  return html`<td class="number">${gflopsHere(flops.paper, published)}</td><td class="number">${flops.strict.toFixed(2)}</td>`;
}

/** Claims of a table without logs; with logs they stand beside them. */
function claims({ claims: said = [], logs, sources }: PaperTable): Markup | null {
  if (said.length === 0 || logs !== undefined) return null;
  return html`<ul class="claims">${said.map(({ text, source }) => html`<li>${text} ${sourceTags(source, sources)}</li>`)}</ul>`;
}
