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
 * @param tokenOrder `recentred` moves the class token, so there must be exactly one protected token
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
  const chosen = ranked.slice(0, kept - own.length);

  if (tokenOrder === 'original') return Int32Array.from([...chosen, ...own].sort((a, b) => a - b));
  if (own.length !== 1) throw new RangeError(`${own.length} protected tokens: only one can be re-centred`);
  chosen.sort((a, b) => a - b);
  const half = (kept - 1) >> 1;
  return Int32Array.from([...chosen.slice(0, half), ...own, ...chosen.slice(half)]);
}

/** Where tokens stand among the chosen ones: indices before a step → indices after it. */
export function indicesAmong(chosen: Int32Array, tokens: ArrayLike<number>): Int32Array {
  return Int32Array.from(tokens, (token) => chosen.indexOf(token));
}
