/** Selection: which tokens stay, and in which order they stand afterwards. */
import type { TokenOrder } from './plan.ts';

/**
 * The kept - 1 best tokens other than the class token, plus the class token; without one, the kept best. Ties: lowest position first.
 *
 * @param scores [L], of the current sequence
 * @param positions [L], each token's index in the first, unpruned sequence
 * @param classToken index of the class token in the current sequence; null for a model without one
 * @param kept how many tokens stay, class token included
 * @param candidates tokens that may be chosen; default all (under `mask`: the live ones)
 * @returns indices into the current sequence, in their new order
 */
export function selectTokens(
  scores: ArrayLike<number>,
  positions: ArrayLike<number>,
  classToken: number | null,
  kept: number,
  tokenOrder: TokenOrder,
  candidates: (token: number) => boolean = () => true,
): Int32Array {
  const ranked: number[] = [];
  for (let token = 0; token < positions.length; token++) {
    if (token !== classToken && candidates(token)) ranked.push(token);
  }
  ranked.sort((a, b) => scores[b] - scores[a] || positions[a] - positions[b]);
  if (classToken === null) return Int32Array.from(ranked.slice(0, kept).sort((a, b) => a - b));
  const chosen = ranked.slice(0, kept - 1);

  if (tokenOrder === 'original') return Int32Array.from([...chosen, classToken].sort((a, b) => a - b));
  chosen.sort((a, b) => a - b);
  const half = (kept - 1) >> 1;
  return Int32Array.from([...chosen.slice(0, half), classToken, ...chosen.slice(half)]);
}
