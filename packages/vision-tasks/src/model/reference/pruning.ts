/**
 * Pruning inside a backbone whose heads want the full grid back: a token's position is its cell, and what every cell
 * last held is remembered. No token is exempt (there is no class token), so k = ceil(L·keep) in both families.
 */
import type { KeptTokens } from '@vssm/core/reference';

/** Which cells of the grid still have a token: `positions` are raster indices, rising. */
export type KeptCells = KeptTokens;

/** Nothing is pruned yet: positions 0 … count - 1. */
export function everyCell(count: number): KeptCells {
  return { positions: Int32Array.from({ length: count }, (_, cell) => cell) };
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
