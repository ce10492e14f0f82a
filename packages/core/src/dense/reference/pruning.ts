/**
 * Pruning inside a backbone whose heads want the full grid back: scores, the choice, and what every cell last held.
 * No token is exempt (there is no class token), so k = ceil(L·keep) in both families.
 */
import { keptCount } from '../../pruning/counts.ts';
import type { PruningPlan } from '../../pruning/plan.ts';
import { randomScores } from '../../pruning/random.ts';
import { orderScores, reduceSignal, similarityTo } from '../../pruning/score.ts';
import { selectTokens } from '../../pruning/select.ts';

/** Which cells of the grid still have a token. */
export interface KeptCells {
  /** [K]: raster index of each token's cell, rising. */
  readonly positions: Int32Array;
  /** Under `mask`: which tokens still live; undefined where pruned tokens are gone. */
  readonly live?: Uint8Array;
}

export function everyCell(count: number): KeptCells {
  return { positions: Int32Array.from({ length: count }, (_, cell) => cell) };
}

/** [K, E] each: what scores are made from. `gated-backward` exists for Vim only. */
export type Signals = Readonly<Partial<Record<'gated' | 'ssm' | 'gated-backward', Float64Array>>>;

/** Which tokens stay, and the cells after the step. */
export interface Choice {
  /** Indices into the tokens before the step. */
  readonly chosen: Int32Array;
  readonly cells: KeptCells;
}

/** Keeps the k = ceil(L·keep) best of the tokens that live. `step`: 0-based index within the schedule. */
export function chooseCells(
  plan: PruningPlan,
  step: number,
  scores: ArrayLike<number>,
  { positions, live }: KeptCells,
): Choice {
  const length = live === undefined ? positions.length : live.reduce((sum, alive) => sum + alive, 0);
  const count = keptCount(length, plan.schedule[step].keep, 'every-token');
  const alive = live === undefined ? undefined : (token: number) => live[token] === 1;
  const chosen = selectTokens(scores, positions, null, count, plan.tokenOrder, alive);
  if (plan.alignment === 'mask') {
    const mask = new Uint8Array(positions.length);
    for (const token of chosen) mask[token] = 1;
    return { chosen, cells: { positions, live: mask } };
  }
  return { chosen, cells: { positions: chosen.map((token) => positions[token]) } };
}

/**
 * Scores of the current tokens, [K]; higher stays.
 *
 * @param sample stable index of the image; only the `random` signal depends on it
 */
export function importance(
  plan: PruningPlan,
  step: number,
  sample: number,
  gridCells: number,
  signals: Signals,
  { positions, live }: KeptCells,
): Float64Array {
  const length = positions.length;
  if (plan.signal === 'random') {
    const scores = randomScores(plan.seed, sample, step, gridCells);
    return Float64Array.from(positions, (position) => scores[position]);
  }
  const signal = signals[plan.signal === 'evit' ? 'gated' : plan.signal];
  if (signal === undefined) throw new Error(`the backbone has no signal "${plan.signal}"`);
  const channels = signal.length / length;
  if (plan.signal === 'evit') return similarityTo(meanRow(signal, channels, live), signal);
  return orderScores(reduceSignal(signal, length, channels, plan.reduce), plan.order);
}

/** Mean over the tokens that live. */
function meanRow(rows: Float64Array, channels: number, live: Uint8Array | undefined): Float64Array {
  const mean = new Float64Array(channels);
  let count = 0;
  for (let token = 0; token < rows.length / channels; token++) {
    if (live !== undefined && live[token] === 0) continue;
    count++;
    for (let i = 0; i < channels; i++) mean[i] += rows[token * channels + i];
  }
  return mean.map((sum) => sum / count);
}

/** Rows of tokens that are gone become zero; without a mask nothing changes. */
export function zeroGone(tokens: Float64Array, { positions, live }: KeptCells): Float64Array {
  if (live === undefined) return tokens;
  const width = tokens.length / positions.length;
  return tokens.map((value, i) => value * live[Math.floor(i / width)]);
}

/** What every cell of the grid last held in one stream: a pruned cell keeps the token as it was when it was pruned. */
export class GridMemory<Rows extends Float32Array | Float64Array> {
  /** [cells, d] */
  readonly #held: Rows;
  readonly #width: number;

  /** @param held room for every cell's token, [cells, d] */
  constructor(held: Rows, width: number) {
    this.#held = held;
    this.#width = width;
  }

  /** @param tokens [K, d] */
  write(tokens: Rows, { positions, live }: KeptCells): void {
    const width = this.#width;
    if (live === undefined && tokens.length === this.#held.length) {
      this.#held.set(tokens);
      return;
    }
    for (let token = 0; token < positions.length; token++) {
      if (live !== undefined && live[token] === 0) continue;
      this.#held.set(tokens.subarray(token * width, (token + 1) * width), positions[token] * width);
    }
  }

  /** A copy, [cells, d]. */
  read(): Rows {
    return this.#held.slice() as Rows;
  }
}
