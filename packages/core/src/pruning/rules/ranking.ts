/** Tokens in the order of their scores, protected ones and those that no longer live left out. */
import type { TokenContext } from './rule.ts';

type Place = Pick<TokenContext, 'length' | 'protectedTokens' | 'live'>;

/** Tokens that may leave or be joined, in sequence order. */
export function unprotected({ length, protectedTokens, live }: Place): number[] {
  const exempt = new Set(protectedTokens);
  const tokens: number[] = [];
  for (let token = 0; token < length; token++) {
    if (!exempt.has(token) && (live === null || live[token] === 1)) tokens.push(token);
  }
  return tokens;
}

/** The lowest score first, and of equals the last: who leaves first when the first of equals stays. */
export function lowestFirst(scores: ArrayLike<number>, place: Place): number[] {
  return unprotected(place).sort((a, b) => scores[a] - scores[b] || b - a);
}

/** The same tokens in sequence order. */
export function inOrder(tokens: readonly number[]): number[] {
  return [...tokens].sort((a, b) => a - b);
}
