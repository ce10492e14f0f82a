/** Selection: which tokens stay, and in which order they stand afterwards. */
import type { TokenOrder } from './plan.ts';

/**
 * The protected tokens (class token, registers), which always stay, and the best of the others. Ties: lowest position
 * first.
 *
 * @param scores [L], of the current sequence
 * @param positions [L], each token's index in the first, unpruned sequence
 * @param protectedTokens indices into the current sequence of those that never leave, rising; none in some models
 * @param kept how many tokens stay, protected ones included
 * @param tokenOrder where the class token is moved, there must be exactly one protected token
 * @param candidates tokens that may be chosen; default all (under `mask`: the live ones)
 * @returns indices into the current sequence, in their new order
 */
export function selectTokens(
  scores: ArrayLike<number>,
  positions: ArrayLike<number>,
  protectedTokens: ArrayLike<number>,
  kept: number,
  tokenOrder: TokenOrder,
  candidates: (token: number) => boolean = () => true,
): Int32Array {
  const own = Array.from(protectedTokens);
  const exempt = new Set(own);
  const ranked: number[] = [];
  for (let token = 0; token < positions.length; token++) {
    if (!exempt.has(token) && candidates(token)) ranked.push(token);
  }
  ranked.sort((a, b) => scores[b] - scores[a] || positions[a] - positions[b]);
  return inTokenOrder(ranked.slice(0, kept - own.length), own, tokenOrder, positions.length);
}

/**
 * The tokens that stay, in their new order.
 *
 * @param others those that are not protected
 * @param protectedTokens see `selectTokens`
 * @param length L, before the step
 */
export function inTokenOrder(
  others: readonly number[],
  protectedTokens: ArrayLike<number>,
  tokenOrder: TokenOrder,
  length: number,
): Int32Array {
  const own = Array.from(protectedTokens);
  if (tokenOrder === 'original') return Int32Array.from([...others, ...own].sort((a, b) => a - b));
  if (own.length !== 1) throw new RangeError(`${own.length} protected tokens: only one can be moved`);
  const rising = [...others].sort((a, b) => a - b);
  const place = movedClassToken(tokenOrder, own[0], length, others.length + 1);
  return Int32Array.from([...rising.slice(0, place), ...own, ...rising.slice(place)]);
}

/** Where a class token goes that a step moves: from index `place` of `length` tokens to an index of the `kept`. */
export function movedClassToken(
  tokenOrder: Exclude<TokenOrder, 'original'>,
  place: number,
  length: number,
  kept: number,
): number {
  return tokenOrder === 'recentred' ? (kept - 1) >> 1 : Math.floor((place * kept) / length);
}

/** Where tokens stand among the chosen ones: indices before a step → indices after it. */
export function indicesAmong(chosen: Int32Array, tokens: ArrayLike<number>): Int32Array {
  return Int32Array.from(tokens, (token) => chosen.indexOf(token));
}
