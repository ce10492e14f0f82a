/**
 * What tells apart the families that are made of Vim's bidirectional blocks. Their parameters have the same names and
 * shapes, and everything in this folder serves them all: it takes a spec with Vim's fields, and these traits.
 */
import type { CountRule, PlanRules, PruningPlan } from '@vssm/core';
import type { VimSpec } from './spec.ts';

/** A spec with Vim's fields, of any family. */
export interface BidirectionalSpec extends Omit<VimSpec, 'family'> {
  readonly family: string;
}

export interface BidirectionalTraits {
  /** Position of the class token among M patches, 0 … M. */
  classToken(patches: number): number;
  /** What the y of one direction counts in their sum: 1/2 where the directions are averaged. */
  readonly share: number;
  countRule(plan: Pick<PruningPlan, 'countClassToken'>): CountRule;
  readonly plans: PlanRules;
}
