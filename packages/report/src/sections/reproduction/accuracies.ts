/** Accuracies of the paper's own models on its own data: measured where somebody has both. */
import type { PaperTable, PaperValue } from '@vssm/results';
import { type Answer, answer } from '../../answers.ts';
import type { Evidence } from '../../evidence.ts';
import { points } from '../../format.ts';
import { type Content, html, joined, type Markup } from '../../html.ts';
import { columnDecimals, paperValue, valueName } from '../paper-value.ts';
import { term } from '../terms.ts';
import type { ClaimLine } from './line.ts';

const figures = ['top1', 'boxAp', 'miou'] as const;

const titles: Readonly<Record<number, string>> = {
  1: 'accuracy on ImageNet-1K, fine-tuned',
  2: 'detection on COCO',
  3: 'segmentation on ADE20K',
};

/** One line for each of tables 1 to 3: the models whose pruned figure is published. */
export function figuresOfTables(evidence: Evidence): ClaimLine[] {
  return evidence.tables.flatMap((paper) => {
    const title = titles[paper.table];
    const figure = figures.find((name) => paper.rows.some(({ values }) => name in values));
    if (title === undefined || figure === undefined) return [];
    const decimals = columnDecimals(paper.rows, figure);
    const models = [...Map.groupBy(paper.rows, ({ model }) => model).values()].flatMap((rows) => {
      const [dense, top] = ['dense', 'top'].map((method) => rows.find((row) => row.method === method));
      if (dense === undefined || top === undefined || !isKnown(top.values[figure])) return [];
      return [{ dense, top, name: dense.model.replace(/ \(.*\)$/, '') }];
    });
    if (models.length === 0) return [];
    const published = models.map(({ name, dense, top }) => {
      const [before, after] = [dense, top].map(({ values }) =>
        paperValue(values[figure], paper.sources, decimals(values[figure])),
      );
      return html`<div>${name}: ${before} → ${after}</div>`;
    });
    const measured = models.flatMap(({ name, dense, top }): Markup[] => {
      const ends = [dense, top].map((row) => shown(answer(row.id, paper, evidence), figure));
      if (ends.every((end) => end === null)) return [];
      return [
        html`<div>${name}: ${joined(
          ends.map((end) => end ?? 'not run'),
          ' → ',
        )}</div>`,
      ];
    });
    return [
      {
        claim: html`${term('top')} keeps most of the ${valueName(figure).replace(', %', '')}: ${title}`,
        published,
        here: measured.length > 0 ? html`${measured}${note(paper)}` : notHere(paper),
        outcome: measured.length > 0 ? 'measured' : 'not run',
        more: `table-${paper.table}`,
      } satisfies ClaimLine,
    ];
  });
}

function isKnown(value: PaperValue | undefined): boolean {
  return value !== undefined && !('value' in value && value.value === null);
}

function shown({ accuracies, vision }: Answer, figure: string): Content {
  const [accuracy] = accuracies;
  if (accuracy !== undefined) return html`<strong>${points(accuracy.record.top1, 2)}</strong>`;
  const value = Object.entries(vision[0]?.record.figures ?? {}).find(([name]) => name === figure)?.[1];
  return value == null ? null : html`<strong>${points(value)}</strong>`;
}

function note({ table }: PaperTable): Markup | null {
  return table === 1 ? html`<small>before fine-tuning</small>` : null;
}

function notHere({ dataset }: PaperTable): Markup {
  return html`<a href="#not-run">${dataset} and trained weights are not here</a>`;
}
