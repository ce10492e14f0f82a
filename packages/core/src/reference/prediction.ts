/** What a reference forward takes and returns, whatever the family. */
import type { Weights } from '../tensor.ts';

export interface ReferencePrediction {
  /** [classes] */
  readonly logits: Float64Array;
  /** Positions of the kept tokens in sequence order, keyed by the 1-based block of the step. */
  readonly kept: ReadonlyMap<number, Int32Array>;
}

/** Called with intermediate tensors, for tests: `block0.hidden` [L, d], `block0.fwd.y` [L, E], … */
export type Observer = (name: string, value: Float64Array) => void;

/**
 * Called after every block with what the classifier's tokens have read of each current token, class contribution, [L].
 *
 * @param block 1-based
 * @param positions [L]: each token's index in the unpruned sequence
 */
export type ContributionReader = (block: number, positions: Int32Array, scores: Float64Array) => void;

/** A model's tensors by upstream's names. */
export type Parameters = (name: string) => Float32Array;

/** Looks parameters up by name; a name that is not there is an Error. */
export function parametersOf(weights: Weights): Parameters {
  return (name) => {
    const tensor = weights.get(name);
    if (tensor === undefined) throw new Error(`weights have no "${name}"`);
    return tensor.data;
  };
}
