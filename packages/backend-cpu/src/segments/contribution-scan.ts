/**
 * What the classifier's tokens have read through a block's scans, by the scan kernel itself: it runs over the tokens
 * that are read, the other way, with B and C in each other's place (core's contributions.ts has the formula). The
 * kernel's transition into a token belongs to the scan's next one, so rows of Δ are moved by one; and its input is Δ·u,
 * so u is what a reader's weight leaves when divided by that Δ. In each direction it covers the tokens up to the last
 * reader only, which for a class token is as many steps as there are tokens in both directions together.
 */
import { readersOf, type TokenContext } from '@vssm/core';
import { silu, softplus } from '@vssm/core/reference';
import type { Arena, Kernels, Region, Rows } from '@vssm/kernels';

type Floats = Region<Float32Array>;

/** E and N. */
interface ScanWidths {
  readonly innerWidth: number;
  readonly stateSize: number;
}

/** One direction of one image, rows of its tokens; offsets are of the kernels' memory. */
export interface ReadScan {
  readonly direction: 'forward' | 'backward';
  /** [L, E], before bias and softplus; and after. */
  readonly delta: Rows;
  readonly activated: Float32Array;
  readonly b: Rows;
  readonly c: Rows;
  /** [L, E] */
  readonly u: Float32Array;
  /** [E], [E, N] */
  readonly deltaBias: number;
  readonly a: number;
  /** [L] int32; absent without gaps. */
  readonly positions?: number;
}

export class ContributionScan {
  readonly #kernels: Kernels;
  readonly #spec: ScanWidths;
  /** [L, E] each: Δ of the scan's next token, weights over it, and what the kernel reads out. */
  readonly #delta: Floats;
  readonly #weights: Floats;
  readonly #read: Floats;
  /** [E], zeros: the scan's own D. */
  readonly #nothing: Floats;

  /** @param length L0 */
  constructor(kernels: Kernels, arena: Arena, spec: ScanWidths, length: number) {
    this.#kernels = kernels;
    this.#spec = spec;
    [this.#delta, this.#weights, this.#read] = [0, 1, 2].map(() => arena.float32(length * spec.innerWidth));
    this.#nothing = arena.float32(spec.innerWidth);
  }

  /**
   * [L, E]
   *
   * @param biases of Δ, [E], in the order of the scans
   * @param z [L, E]
   */
  run(
    scans: readonly ReadScan[],
    biases: readonly Float32Array[],
    z: Float32Array,
    context: TokenContext,
  ): Float32Array {
    const contributions = new Float32Array(context.length * this.#spec.innerWidth);
    const readers = [...readersOf(context)].sort((a, b) => a - b);
    for (const [i, scan] of scans.entries()) this.#add(scan, biases[i], z, readers, context, contributions);
    return contributions;
  }

  #add(
    scan: ReadScan,
    bias: Float32Array,
    z: Float32Array,
    readers: readonly number[],
    { length }: TokenContext,
    contributions: Float32Array,
  ): void {
    const { innerWidth: E, stateSize: N } = this.#spec;
    const forwards = scan.direction === 'forward';
    const first = forwards ? 0 : readers[0];
    const count = forwards ? readers.at(-1)! + 1 : length - first;
    this.#shift(scan, first, count);
    this.#weigh(bias, z, readers, first, count);
    const from = ({ at, stride }: Rows): Rows => ({ at: at + 4 * first * stride, stride });
    const rows = ({ at }: Floats): Rows => ({ at, stride: E });
    this.#kernels.selectiveScan({
      ...{ batch: 1, length: count, channels: E, states: N, direction: forwards ? 'backward' : 'forward' },
      ...{ delta: rows(this.#delta), deltaBias: scan.deltaBias, a: scan.a, d: this.#nothing.at },
      ...{ b: from(scan.c), c: from(scan.b), u: rows(this.#weights), y: rows(this.#read) },
      ...(scan.positions !== undefined && { positions: scan.positions + 4 * first }),
    });
    const read = this.#read.view();
    const at = first * E;
    for (let i = 0; i < count * E; i++)
      contributions[at + i] += scan.activated[at + i] * scan.u[at + i] * read[i];
  }

  /** Row j becomes that of the scan's next token; the last in scan order has none. */
  #shift({ direction, delta }: ReadScan, first: number, count: number): void {
    const { innerWidth: E } = this.#spec;
    const shifted = this.#delta.view();
    const all = new Float32Array(shifted.buffer);
    const step = direction === 'forward' ? 1 : -1;
    for (let row = 0; row < count; row++) {
      const next = row + step;
      if (next < 0 || next >= count) shifted.fill(0, row * E, (row + 1) * E);
      else {
        const at = delta.at / 4 + (first + next) * delta.stride;
        shifted.set(all.subarray(at, at + E), row * E);
      }
    }
  }

  /** SiLU(z) in the readers' rows over the Δ that the kernel will multiply by, else 0. */
  #weigh(
    bias: Float32Array,
    z: Float32Array,
    readers: readonly number[],
    first: number,
    count: number,
  ): void {
    const { innerWidth: E } = this.#spec;
    const weights = this.#weights.view();
    const delta = this.#delta.view();
    weights.fill(0, 0, count * E);
    for (const reader of readers) {
      const row = (reader - first) * E;
      for (let e = 0; e < E; e++) {
        weights[row + e] = silu(z[reader * E + e]) / softplus(delta[row + e] + bias[e]);
      }
    }
  }
}
