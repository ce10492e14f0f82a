/**
 * What the classifier's token has read of each token through one block's state. In one direction, the state
 * read at step c holds, of the token of step j before it, exp(A Σ_{k=j+1..c} Δ_k) Δ_j B_j u_j, so in channel e the gated
 * output of c has from j
 *
 *     g_{c,e} Σ_n C_{c,n} exp(A_{e,n} Σ_{k=j+1..c} time_{k,e}) Δ_{j,e} B_{j,n} u_{j,e},    time = Δ + gap·Δ∅, g = SiLU(z).
 *
 * With G_j = g_j C_j [j is read out] + exp(A time_{j+1}) G_{j+1}, one recurrence against the scan, that is
 * Δ_{j,e} u_{j,e} Σ_n B_{j,n} G_{j,e,n}: as much work as one scan, and for any number of readers. Readers are the
 * protected tokens, class token or registers; where there are none, all tokens, of which the classifier reads the mean.
 */
import { unprotected } from './ranking.ts';
import type { Floats, ScanSteps, TokenContext } from './rule.ts';

/**
 * [L, E], all directions together.
 *
 * @param z [L, E], what gates the scan's output before its SiLU
 */
export function contributionsOf(scans: readonly ScanSteps[], z: Floats, context: TokenContext): Float64Array {
  const { length, channels, states } = context;
  const contributions = new Float64Array(length * channels);
  const reading = readersOf(context);
  const weights = readerWeights(z, context, reading);
  for (const scan of scans) addContributions(scan, reading, weights, states, contributions);
  return contributions;
}

/** Tokens that the classifier reads. */
export function readersOf(
  tokens: Pick<TokenContext, 'length' | 'protectedTokens' | 'live'>,
): readonly number[] {
  const { protectedTokens } = tokens;
  return protectedTokens.length > 0 ? [...protectedTokens] : unprotected(tokens);
}

/** [L, E]: SiLU(z) in the readers' rows, else 0. */
function readerWeights(
  z: Floats,
  { length, channels }: TokenContext,
  reading: readonly number[],
): Float64Array {
  const weights = new Float64Array(length * channels);
  for (const token of reading) {
    for (let i = token * channels; i < (token + 1) * channels; i++) weights[i] = z[i] / (1 + Math.exp(-z[i]));
  }
  return weights;
}

/** Adds one direction's, [L, E]. Channel by channel, from the last reader's step back. */
function addContributions(
  scan: ScanSteps,
  reading: readonly number[],
  weights: Float64Array,
  states: number,
  contributions: Float64Array,
): void {
  const { tokens, rows, gaps, delta, deltaOfNothing, B, C, u, A } = scan;
  const channels = deltaOfNothing.length;
  const last = tokens.findLastIndex((token) => reading.includes(token));
  const G = new Float64Array(states);
  for (let e = 0; e < channels; e++) {
    G.fill(0);
    let time = 0;
    for (let m = last; m >= 0; m--) {
      const at = tokens[m] * channels + e;
      const row = rows[m];
      const weight = weights[at];
      let read = 0;
      for (let n = 0; n < states; n++) {
        const carried = G[n] === 0 ? 0 : Math.exp(A[e * states + n] * time) * G[n];
        G[n] = weight * C[row * states + n] + carried;
        read += B[row * states + n] * G[n];
      }
      const own = delta[row * channels + e];
      contributions[at] += own * u[at] * read;
      time = own + gaps[m] * deltaOfNothing[e];
    }
  }
}
