/**
 * What tells apart the families that are made of Vim's bidirectional blocks. Their parameters have the same names and
 * shapes, and everything in this folder serves them all: it takes a spec with Vim's fields, and these traits.
 */
import type { CountRule, PlanRules, PruningPlan } from '@vssm/core';
import { patchCount, type VimSpec } from './spec.ts';

/** A spec with Vim's fields, of any family. */
export interface BidirectionalSpec extends Omit<VimSpec, 'family'> {
  readonly family: string;
}

export interface BidirectionalTraits<Spec extends BidirectionalSpec = BidirectionalSpec> {
  /**
   * Positions in the unpruned sequence, rising, of the tokens that stand for no patch and never leave: the class token,
   * or registers. The parameter `cls_token` holds them in this order, and the classifier reads them all, side by side.
   */
  protectedTokens(spec: Spec): readonly number[];
  /**
   * `sequence`: a row of `pos_embed` for every token, in the order of the sequence; `apart`: rows of `pos_embed` for the
   * patches and of `pos_embed_cls` for the protected tokens.
   */
  readonly positionEmbedding: 'sequence' | 'apart';
  /**
   * By how much a projection that all protected tokens share, `neck`, narrows each of them before a norm over all,
   * `norm_neck`, and the classifier; 1: there is neither.
   */
  reduction(spec: Spec): number;
  /** What the y of one direction counts in their sum: 1/2 where the directions are averaged. */
  readonly share: number;
  countRule(spec: Spec, plan: Pick<PruningPlan, 'countClassToken'>): CountRule;
  readonly plans: PlanRules;
}

/** L0: the patches and the protected tokens. */
export function fullLength<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
): number {
  return patchCount(spec) + traits.protectedTokens(spec).length;
}

/**
 * The unpruned sequence, where the protected tokens and then the patches are numbered: at each position the number of
 * the token that stands there, [L0].
 */
export function sequenceOrder<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
): Int32Array {
  const own = traits.protectedTokens(spec);
  let patch = own.length;
  return Int32Array.from({ length: fullLength(traits, spec) }, (_, position) => {
    const index = own.indexOf(position);
    return index >= 0 ? index : patch++;
  });
}

/** Values of each protected token that the classifier reads. */
export function readWidth<Spec extends BidirectionalSpec>(
  { reduction }: Pick<BidirectionalTraits<Spec>, 'reduction'>,
  spec: Spec,
): number {
  return spec.width / reduction(spec);
}
