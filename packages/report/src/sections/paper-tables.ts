/** The paper's tables beside what this project computed and measured for the same rows. */
import type { PaperTable, PaperValue } from '@vssm/results';
import { type Answer, answer } from '../answers.ts';
import { miniatureOf } from '../below-dense.ts';
import type { Evidence } from '../evidence.ts';
import { capitalised } from '../format.ts';
import { type Content, html, type Markup } from '../html.ts';
import { type Method, methodNames } from '../plan-names.ts';
import { authorsLogs } from './authors-logs.ts';
import { Footnotes } from './footnotes.ts';
import { gflopsHere } from './gflops-here.ts';
import { measuredCell } from './measured-cell.ts';
import { miniatureCell, miniatureHeading } from './miniature-cell.ts';
import { paperCells, sourceTags, valueColumns, valueName } from './paper-value.ts';
import { type Context, groupRow, type Section, scheduleText, table } from './section.ts';
import { term } from './terms.ts';

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
  const miniatures = paper.rows.map((row) => miniatureOf(paper.table, row.id, evidence));
  const inMiniature = miniatures.some((found) => found !== null);
  const withCosts = answers.some(({ flops }) => flops !== null);
  const footnotes = new Footnotes();
  const besides = (here: Markup, costs: Markup | false) => hereBeside(columns, here, costs);
  const heads = besides(
    html`<th scope="col" class="number">${measured(columns)}<small>here</small></th>${inMiniature && miniatureHeading}`,
    withCosts && costHeadings,
  );
  const head = html`<tr><th scope="col">model and method</th>
${columns.map((name, at) => html`<th scope="col" class="number">${valueName(name)}<small>published</small></th>${heads[at]}`)}</tr>`;
  const width = 2 + columns.length + (inMiniature ? 1 : 0) + (withCosts ? 2 : 0);
  const rows = paper.rows.flatMap((row, index) => {
    const found = answers[index];
    const note = row.note !== undefined && footnotes.mark(html`${row.note}`);
    const schedule = row.schedule !== undefined && html`<small>${scheduleText(row.schedule)}${note}</small>`;
    const figures = html`${measuredCell(found)}${inMiniature && miniatureCell(miniatures[index])}`;
    const here = besides(figures, withCosts && costCells(found, row.values.gflops));
    const cells = published(row).map((cell, at) => html`${cell}${here[at]}`);
    return [
      paper.rows[index - 1]?.model !== row.model && groupRow(row.model, width),
      html`<tr><th scope="row">${methodTerm(row.method)}${schedule || note}</th>${cells}</tr>
`,
    ];
  });
  return html`<div class="paper-table" id="table-${paper.table}">
<h3>Table ${paper.table}. ${capitalised(paper.title)}</h3>
${table(html`Table ${paper.table} of the paper, ${paper.dataset}`, head, rows, 'comparison')}
${footnotes.list()}
${claims(paper)}
${authorsLogs(paper, evidence)}
</div>`;
}

const figures: readonly string[] = ['top1', 'boxAp', 'maskAp', 'miou'];

/** What stands beside each published column: ours next to what it answers, or last where nothing fits. */
function hereBeside(columns: readonly string[], here: Markup, costs: Markup | false): readonly Content[][] {
  const last = columns.length - 1;
  const figure = columns.findLastIndex((name) => figures.includes(name));
  const cost = columns.indexOf('gflops');
  const place = (at: number) => (at === -1 ? last : at);
  return columns.map((_, at) => [at === place(figure) && here, at === place(cost) && costs]);
}

/** What was measured here: the table's own figures. */
function measured(columns: readonly string[]): string {
  const named = columns.filter((name) => figures.includes(name));
  return named.length === 0 ? valueName('top1') : named.map(valueName).join(', ');
}

const dash = html`<span class="none" aria-label="nothing">–</span>`;

function methodTerm(name: string): Content {
  return Object.hasOwn(methodNames, name) && name !== 'other' ? term(name as Exclude<Method, 'other'>) : name;
}

const costHeadings = html`<th scope="col" class="number">GFLOPs<small>here, ${term('paperProfile')}</small></th>
<th scope="col" class="number">GFLOPs<small>here, ${term('strictProfile')}</small></th>`;

function costCells({ flops }: Answer, published: PaperValue | undefined): Markup {
  if (flops === null) return html`<td class="number">${dash}</td><td class="number">${dash}</td>`;
  return html`<td class="number">${gflopsHere(flops.paper, published)}</td><td class="number">${flops.strict.toFixed(2)}</td>`;
}

/** Claims of a table without logs; with logs they stand beside them. */
function claims({ claims: said = [], logs, sources }: PaperTable): Markup | null {
  if (said.length === 0 || logs !== undefined) return null;
  return html`<ul class="claims">${said.map(({ text, source }) => html`<li>${text} ${sourceTags(source, sources)}</li>`)}</ul>`;
}
