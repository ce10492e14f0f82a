/**
 * What tokens have read of each other through a layer's four snakes: direction by direction the scan of
 * contribution-scan.ts, over rows in the order of the snake's steps. Δ and C belong to the steps as they lie; u and the
 * gate are put in their order, B gets the vector of each step's move, and what comes out goes back to the tokens' places.
 */
import type { KeptOrder, TokenContext } from '@vssm/core';
import type { PlainMambaSpec } from '@vssm/families';
import type { Arena, Kernels, Region, Rows } from '@vssm/kernels';
import { ContributionScan } from '../contribution-scan.ts';
import type { PlacedSet } from '../family.ts';

/** What all four snakes of a layer share. */
export interface SnakeParameters {
  /** [E, N], negative: byte offset. */
  readonly a: number;
  /** [5, N] */
  readonly directionB: Float32Array;
}

/** Of one image at a time; holds room for the longest. */
export class SnakeContributions {
  readonly #kernels: Kernels;
  readonly #spec: PlainMambaSpec;
  readonly #scan: ContributionScan;
  /** [L, N]: B with the moves' vectors. */
  readonly #b: Region<Float32Array>;
  /** [L]: ranks along the full snake, and the tokens in its order. */
  readonly #ranks: Region<Int32Array>;
  readonly #order: Region<Int32Array>;
  /** [L, E] each, in that order. */
  readonly #u: Region<Float32Array>;
  readonly #z: Region<Float32Array>;

  /** @param length L0 */
  constructor(kernels: Kernels, arena: Arena, spec: PlainMambaSpec, length: number) {
    this.#kernels = kernels;
    this.#spec = spec;
    this.#scan = new ContributionScan(kernels, arena, spec, length);
    this.#b = arena.float32(length * spec.stateSize);
    this.#ranks = arena.int32(length);
    this.#order = arena.int32(length);
    this.#u = arena.float32(length * spec.innerWidth);
    this.#z = arena.float32(length * spec.innerWidth);
  }

  /**
   * [L, E]
   *
   * @param z [L, E]
   * @param decays whether the scan's steps go by gaps
   */
  run(
    set: PlacedSet,
    { a, directionB }: SnakeParameters,
    snakes: readonly KeptOrder[],
    z: Rows,
    decays: boolean,
    context: TokenContext,
  ): Float32Array {
    const { innerWidth: E, stateSize: N } = this.#spec;
    const { length, live } = context;
    const contributions = new Float32Array(length * E);
    for (const { order, moves, gaps } of snakes) {
      this.#moveB(set, directionB, moves);
      let rank = 0;
      const ranks = this.#ranks.view();
      for (const [step, gap] of gaps.entries()) {
        rank += gap + 1;
        ranks[step] = rank;
      }
      this.#order.view().set(order);
      const scan = {
        ...{ direction: 'forward' as const, delta: set.delta, deltaBias: set.deltaBias, a },
        ...{ b: { at: this.#b.at, stride: N }, c: set.c, u: this.#inOrder(set.u, this.#u, length) },
        ...(decays && { positions: this.#ranks.at }),
      };
      const own = this.#scan.run([scan], this.#inOrder(z, this.#z, length), {
        ...context,
        live: live === null ? null : Uint8Array.from(order, (token) => live[token]),
      });
      for (const [step, token] of order.entries()) {
        for (let e = 0; e < E; e++) contributions[token * E + e] += own[step * E + e];
      }
    }
    return contributions;
  }

  /** Rows [L, E] in the order of the snake at hand. */
  #inOrder(rows: Rows, { at }: Region<Float32Array>, length: number): Rows {
    const { innerWidth: E } = this.#spec;
    const to = { at, stride: E };
    const all = { batch: 1, length, kept: length, width: E };
    this.#kernels.gatherRows({ ...all, from: rows, to, indices: this.#order.at });
    return to;
  }

  #moveB({ b }: PlacedSet, directionB: Float32Array, moves: Uint8Array): void {
    const N = this.#spec.stateSize;
    const all = new Float32Array(this.#kernels.memory.buffer);
    const moved = this.#b.view();
    for (const [step, move] of moves.entries()) {
      const from = b.at / 4 + step * b.stride;
      for (let n = 0; n < N; n++) moved[step * N + n] = all[from + n] + directionB[move * N + n];
    }
  }
}
