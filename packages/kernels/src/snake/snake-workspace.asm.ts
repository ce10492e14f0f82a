/**
 * The scratch of the four-direction scan, in the place of the other kernels' (see workspace.ts). It works on fewer
 * channels at once than they do, because each has four states and a table of decays. Sizes in floats unless they say
 * bytes.
 *
 * What the inner loops touch lies group by group, [groups, …, 8]: rows of a whole tile would be a power of two apart,
 * and one group's share of all of them would fall into a few sets of the first-level cache.
 */
import { GROUP, MAX_STATES, SCRATCH, WORKSPACE_BYTES } from '../common/workspace.asm';

export const DIRECTIONS: i32 = 4;
/** Channels that are worked on at once, and most (channel, state) pairs. */
export const SNAKE_TILE: i32 = 128;
export const SNAKE_STATES: i32 = SNAKE_TILE * 16;
/** Steps per chunk. */
export const SNAKE_CHUNK: i32 = 16;
/** States whose shared decays are in scratch at once. */
export const STATE_BLOCK: i32 = 16;
/** Gaps up to this have their decay in a table; that of a longer one is computed when it comes. */
export const MAX_TABLED_GAP: i32 = 15;

const TILE_BYTES: i32 = SNAKE_TILE * 4;
const STATE_BYTES: i32 = SNAKE_STATES * 4;
/** Bytes of eight channels, the smallest unit of work. */
export const GROUP_ROW: i32 = GROUP * 4;
/** Bytes of one step in snakeDecay. */
export const DECAY_ROW: i32 = STATE_BLOCK * GROUP_ROW;

/** A · log2 e of one tile, [groups, N, 8]. */
export const snakeA: usize = SCRATCH;
/** The hidden states, [groups, N, 4, 8]. */
export const snakeH: usize = snakeA + STATE_BYTES;
/** exp(gap · Δ∅ · A) for gaps from 0, where it is 1, [groups, gaps, N, 8]. */
export const snakeGaps: usize = snakeH + DIRECTIONS * STATE_BYTES;
/** The same of one group and one block of states, for a gap of each direction beyond the table, [4, STATE_BLOCK, 8]. */
export const snakeLongGaps: usize = snakeGaps + (MAX_TABLED_GAP + 1) * STATE_BYTES;
/** D, the bias of Δ, Δ∅ = softplus(bias). */
export const snakeD: usize = snakeLongGaps + DIRECTIONS * DECAY_ROW;
export const snakeBias: usize = snakeD + TILE_BYTES;
export const snakeRest: usize = snakeBias + TILE_BYTES;
/** Δ of one chunk of one tile, [groups, CHUNK, 8]; bytes of one group's. */
export const snakeTime: usize = snakeRest + TILE_BYTES;
export const TIME_GROUP: i32 = SNAKE_CHUNK * GROUP_ROW;
/** B and the move's vector of one chunk, [CHUNK, N, 4]. */
export const snakeB: usize = snakeTime + SNAKE_CHUNK * TILE_BYTES;
/** Addresses of the rows of u and y that a step visits, one word each: [CHUNK, u of 4 directions, y of 4]. */
export const snakeRows: usize = snakeB + SNAKE_CHUNK * MAX_STATES * DIRECTIONS * 4;
export const ROWS_STEP: i32 = 2 * DIRECTIONS * 4;
/** exp(Δ A) of one chunk, one group and one block of states, [CHUNK, STATE_BLOCK, 8]: what the directions share. */
export const snakeDecay: usize = snakeRows + SNAKE_CHUNK * ROWS_STEP;
/** The last channels % 8 channels, padded: rows of u and of y of one chunk, [CHUNK, 4, 8] each; one row more. */
export const snakeTailU: usize = snakeDecay + SNAKE_CHUNK * DECAY_ROW;
export const snakeTailY: usize = snakeTailU + SNAKE_CHUNK * DIRECTIONS * GROUP_ROW;
export const snakeTail: usize = snakeTailY + SNAKE_CHUNK * DIRECTIONS * GROUP_ROW;

const END: usize = snakeTail + GROUP_ROW;
if (END > WORKSPACE_BYTES) ERROR('the scratch is too small');
