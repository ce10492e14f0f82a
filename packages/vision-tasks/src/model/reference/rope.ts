/**
 * Vim's rotary position embedding (EVA's VisionRotaryEmbeddingFast): neighbouring channels are pairs that turn by an
 * angle of the token's row in the first half of the channels, of its column in the second.
 */

/** Rows of a pretraining grid that positions are scaled to. */
const trainedSide = 14;

export interface RopeTables {
  /** [side², width] each, rounded to float32 as checkpoints hold them. */
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

/** The tables of a square grid. Frequency k of half/2 is 10000^(-2k/half), both channels of a pair share it. */
export function ropeTables(side: number, width: number): RopeTables {
  const half = width / 2;
  const angle = (token: number, channel: number) => {
    const line = channel < half ? Math.floor(token / side) : token % side;
    const frequency = 10000 ** (-(2 * Math.floor((channel % half) / 2)) / half);
    return (line / side) * trainedSide * frequency;
  };
  const table = (f: (angle: number) => number) =>
    Float32Array.from({ length: side * side * width }, (_, i) => f(angle(Math.floor(i / width), i % width)));
  return { cos: table(Math.cos), sin: table(Math.sin) };
}

/**
 * Each pair (a, b) → (a·cos - b·sin, b·cos + a·sin).
 *
 * @param tokens [K, width]
 * @param positions [K]: the row of the tables that each token takes
 */
export function rotate(tokens: Float64Array, { cos, sin }: RopeTables, positions: Int32Array): Float64Array {
  const width = tokens.length / positions.length;
  return tokens.map((value, i) => {
    const at = positions[Math.floor(i / width)] * width + (i % width);
    const partner = i % 2 === 0 ? -tokens[i + 1] : tokens[i - 1];
    return value * cos[at] + partner * sin[at];
  });
}
