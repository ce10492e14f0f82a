/**
 * The module's own memory: constants and scratch, all of it static, in the first bytes of the memory that the
 * caller supplies. Nothing is ever allocated. Sizes in floats unless they say bytes.
 */

/**
 * Channels that are worked on at once. Whole rows for every model there is: memory is then read in order, which
 * matters once a sequence outgrows the caches (4,097 tokens: 64 channels at once took 1.3 times as long).
 */
export const TILE: i32 = 1536;
/** Tokens per chunk of a scan: A and h are fetched from the second-level cache once for so many tokens. */
export const CHUNK: i32 = 16;
/** Channels of the smallest tile: two vectors, adjacent in memory. */
export const GROUP: i32 = 8;
/** Largest state size N, and most (channel, state) pairs in a tile. */
export const MAX_STATES: i32 = 256;
export const TILE_STATES: i32 = TILE * 16;
/** Most taps of a convolution. */
export const MAX_TAPS: i32 = 8;

/** Scratch begins here; the constants of math.ts lie before it. */
export const SCRATCH: usize = 2048;
const TILE_BYTES: usize = TILE * 4;
const STATE_BYTES: usize = TILE_STATES * 4;
const CHUNK_BYTES: usize = CHUNK * TILE * 4;
const TAIL_BYTES: usize = CHUNK * GROUP * 4;

/** Scan: A · log2 e and the hidden state h of one tile, [groups, N, 8]. */
export const tileA: usize = SCRATCH;
export const tileH: usize = tileA + STATE_BYTES;
/** Scan: D, the bias of Δ, and Δ∅ = softplus(bias) of one tile. */
export const tileD: usize = tileH + STATE_BYTES;
export const tileBias: usize = tileD + TILE_BYTES;
export const tileRest: usize = tileBias + TILE_BYTES;
/** Scan: one chunk of one tile, [CHUNK, width]: what decays the state, what enters it, what leaves it. */
export const chunkTime: usize = tileRest + TILE_BYTES;
export const chunkInput: usize = chunkTime + CHUNK_BYTES;
export const chunkOutput: usize = chunkInput + CHUNK_BYTES;
/** Scan: the last channels % 8 channels of a chunk, padded with zeros, [CHUNK, 8] each. */
export const tailDelta: usize = chunkOutput + CHUNK_BYTES;
export const tailU: usize = tailDelta + TAIL_BYTES;
export const tailZ: usize = tailU + TAIL_BYTES;
export const tailY: usize = tailZ + TAIL_BYTES;
export const TAIL_ROW: i32 = GROUP * 4;

/** Convolution, in the same place: taps by distance, [MAX_TAPS, TILE]; bias; what a tap without a token reads. */
export const convTaps: usize = SCRATCH;
export const TAP_ROW: usize = TILE_BYTES;
export const convBias: usize = convTaps + <usize>MAX_TAPS * TAP_ROW;
export const convZeros: usize = convBias + TILE_BYTES;
/** Convolution: addresses of the rows that a token's taps read; padded rows of the last channels % 8. */
export const convRows: usize = convZeros + TILE_BYTES;
export const convTail: usize = convRows + MAX_TAPS * 4;

/** The caller's own data may begin here. */
export const WORKSPACE_BYTES: usize = tailY + TAIL_BYTES;

/**
 * Width of the next tile, when `left` channels remain: tiles of about equal width, whole groups, and last of all
 * what does not fill a group.
 */
export function tileWidth(left: i32, widest: i32): i32 {
  const groups = left / GROUP;
  if (groups == 0) return left;
  const mostGroups = widest / GROUP;
  const tiles = (groups + mostGroups - 1) / mostGroups;
  return ((groups + tiles - 1) / tiles) * GROUP;
}

/** Copies `count` floats, one at a time: for the few that do not fill a vector. */
export function copyFloats(to: usize, from: usize, count: i32): void {
  for (let i = 0; i < count; i++) store<f32>(to + (<usize>i << 2), load<f32>(from + (<usize>i << 2)));
}
