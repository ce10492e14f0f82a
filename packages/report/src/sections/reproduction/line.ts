/** One claim of the paper with what came out here, and the word on it. */
import type { Content } from '../../html.ts';

/**
 * `reproduced`, `in part`, `not reproduced`: like with like. With `miniature`: on a small model and small data, where
 * it can only point one way or the other: it is true of that model. `measured`: beside the paper, but not the same thing.
 */
export type Outcome =
  | 'reproduced'
  | 'in part'
  | 'not reproduced'
  | 'undecided'
  | 'miniature supports'
  | 'miniature in part'
  | 'miniature contradicts'
  | 'miniature undecided'
  | 'measured'
  | 'not run';

export interface ClaimLine {
  readonly claim: Content;
  /** With the tags of its sources. */
  readonly published: Content;
  readonly here: Content;
  readonly outcome: Outcome;
  /** Anchor of the section with the whole of it. */
  readonly more: string;
}
