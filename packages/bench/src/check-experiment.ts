/** Mistakes in a benchmark's declaration, found before anything runs. */
import { type PaperTable, readPaperTable } from '@vssm/results';
import type { Experiment } from './experiment.ts';
import { kindOf } from './kinds/index.ts';

/** The paper's numbers of a benchmark; null where the paper has no such table. */
export function paperTable({ paperFile }: Experiment): PaperTable | null {
  return paperFile === null ? null : readPaperTable(paperFile);
}

/** Throws unless rows have ids of their own, and every row and paper row that is named is there. */
export function checkExperiment(experiment: Experiment): void {
  const { id, rows } = experiment;
  const ids = new Set<string>();
  for (const row of rows) {
    for (const name of [row.id, ...('arms' in row ? row.arms.map((arm) => arm.id) : [])]) {
      if (ids.has(name)) throw new Error(`${id}: row ${name} is declared twice`);
      ids.add(name);
    }
  }
  const paper = paperTable(experiment);
  const paperRows = new Set([...(paper?.rows ?? []), ...(paper?.logs ?? [])].map((row) => row.id));
  for (const row of rows) {
    for (const named of kindOf(row).named?.(row) ?? []) {
      if (!ids.has(named)) throw new Error(`${id}: row ${row.id} names ${named}, which is not there`);
    }
    if (row.paper !== null && (row.paper.table !== paper?.table || !paperRows.has(row.paper.row))) {
      throw new Error(`${id}: row ${row.id} names row ${row.paper.row}, which its paper.json does not have`);
    }
  }
}
