/** Published GFLOPs beside those computed here, and whether they are the same. */
import { answer } from './answers.ts';
import type { Evidence } from './evidence.ts';

/** `equal`: to the last published decimal. `close`: within the tolerance of values that are published to one. */
export type Agreement = 'equal' | 'close' | 'apart';

/** GFLOPs. What one decimal leaves open and how it was rounded (docs/method.md, "FLOPs"). */
export const oneDecimalTolerance = 0.06;

/** @param decimals that are published: two as a rule */
export function agreement(here: number, published: number, decimals = 2): Agreement {
  const difference = Math.abs(here - published) - 1e-9;
  if (difference <= 0.5 * 10 ** -decimals) return 'equal';
  return decimals === 1 && difference <= oneDecimalTolerance ? 'close' : 'apart';
}

export interface PublishedCost {
  readonly name: string;
  readonly source: string;
  readonly published: number;
  /** Profile `paper`. */
  readonly here: number;
  readonly agreement: Agreement;
}

/** Every published number of GFLOPs that was computed here. */
export function publishedGflops(evidence: Evidence): readonly PublishedCost[] {
  return evidence.tables.flatMap((paper) =>
    paper.rows.flatMap((row): PublishedCost[] => {
      const value = row.values.gflops;
      const here = answer(row.id, paper, evidence).flops?.paper;
      if (value === undefined || !('value' in value) || value.value === null || here === undefined) return [];
      const name = `${row.model.replace(/ \(.*\)$/, '')} ${row.method}`;
      const { source, decimals, value: published } = value;
      return [{ name, source, published, here, agreement: agreement(here, published, decimals) }];
    }),
  );
}
