/** The EViT rule, as this project reads it for models without attention. */
import { meanRow } from './mean-row.ts';
import type { Floats, Rule, Tokens } from './rule.ts';

export const evitRule: Rule<'gated'> = {
  name: 'evit',
  signals: ['gated'],
  flops: ({ length, channels }) => 2 * length * channels,
  score: (tokens) => similarityTo(query(tokens), tokens.gated),
};

/**
 * What the EViT rule compares every token with, [E]: the gated output of what the classifier reads, that is of the
 * class token, the mean of the registers, or the mean over the tokens that live.
 */
function query({ gated, channels, protectedTokens, live, length }: Tokens<'gated'>): Floats {
  if (protectedTokens.length === 0) return meanRow(gated, { length, live });
  const rowOf = (token: number) => gated.subarray(token * channels, (token + 1) * channels);
  if (protectedTokens.length === 1) return rowOf(protectedTokens[0]);
  const own = new Float64Array(protectedTokens.length * channels);
  for (const [i, token] of protectedTokens.entries()) own.set(rowOf(token), i * channels);
  return meanRow(own, { length: protectedTokens.length, live: null });
}

/** Dot product of each token's signal [L, E] with a query [E]. */
function similarityTo(query: Floats, signal: Floats): Float64Array {
  const channels = query.length;
  return Float64Array.from({ length: signal.length / channels }, (_, token) => {
    let dot = 0;
    for (let channel = 0; channel < channels; channel++)
      dot += query[channel] * signal[token * channels + channel];
    return dot;
  });
}
