import type { Floats, TokenContext } from './rule.ts';

/** Mean over the tokens that live. rows [L, width] → [width] */
export function meanRow(rows: Floats, { length, live }: Pick<TokenContext, 'length' | 'live'>): Float64Array {
  const width = rows.length / length;
  const mean = new Float64Array(width);
  let count = 0;
  for (let token = 0; token < length; token++) {
    if (live !== null && live[token] === 0) continue;
    count++;
    for (let i = 0; i < width; i++) mean[i] += rows[token * width + i];
  }
  return mean.map((sum) => sum / count);
}
