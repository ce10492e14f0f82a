/** The two ways of counting, which must never be mixed, and what both return. */

/**
 * - `paper` reproduces published values: multiply-adds for linear and convolution layers, operations for the scan.
 * - `strict` is the honest cost: 2 per multiply-add, 1 per other arithmetic operation, every direction, and the
 *   pruning itself.
 */
export const flopsProfiles = ['paper', 'strict'] as const;
export type FlopsProfile = (typeof flopsProfiles)[number];

export interface Flops {
  readonly profile: FlopsProfile;
  /** Operations as the profile counts them; divide by 1e9 for GFLOPs. */
  readonly total: number;
  readonly patchEmbed: number;
  /**
   * One entry per block: the block, and the pruning step on leaving it if there is one. In the paper profile a step costs
   * what its rule computes of matrices, which the paper's own rule does not.
   */
  readonly blocks: readonly { readonly tokens: number; readonly block: number; readonly pruning: number }[];
  readonly head: number;
  /** Live tokens: at first, then after each pruning step. */
  readonly tokens: readonly number[];
}
