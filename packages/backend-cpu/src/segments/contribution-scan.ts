/**
 * What the classifier's tokens have read through a block's scans, by the scan kernel itself: it runs over the tokens
 * that are read, the other way, with B and C in each other's place (core's contributions.ts has the formula). The
 * kernel's transition into a token belongs to the scan's next one, so rows of Δ are moved by one; and its input is Δ·u,
 * so u is what a reader's weight leaves when divided by that Δ. In each direction it covers the tokens up to the last
 * reader only, which for a class token is as many steps as there are tokens in both directions together.
 */
import { readersOf, type TokenContext } from '@vssm/core';
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
  /** [L, E], before bias and softplus. */
  readonly delta: Rows;
  readonly b: Rows;
  readonly c: Rows;
  /** [L, E] */
  readonly u: Rows;
  /** [E], [E, N] */
  readonly deltaBias: number;
  readonly a: number;
  /** [L] int32; absent without gaps. */
  readonly positions?: number;
}

/** Rows first … first + count - 1. */
interface Span {
  readonly first: number;
  readonly count: number;
}

/** Of one image at a time; holds room for the longest. */
export class ContributionScan {
  readonly #kernels: Kernels;
  readonly #spec: ScanWidths;
  /** [L, E] each: Δ of the scan's next token, weights over it (zeros between two calls), and what the kernel reads out. */
  readonly #delta: Floats;
  readonly #weights: Floats;
  readonly #read: Floats;
  readonly #contributions: Floats;
  /** [E], zeros: the scan's own D. */
  readonly #nothing: Floats;

  /** @param length L0 */
  constructor(kernels: Kernels, arena: Arena, spec: ScanWidths, length: number) {
    this.#kernels = kernels;
    this.#spec = spec;
    const wide = () => arena.float32(length * spec.innerWidth);
    [this.#delta, this.#weights, this.#read, this.#contributions] = [wide(), wide(), wide(), wide()];
    this.#nothing = arena.float32(spec.innerWidth);
    for (const zeros of [this.#weights, this.#nothing]) zeros.view().fill(0);
  }

  /**
   * [L, E]: a view, good until the next call.
   *
   * @param z [L, E]
   */
  run(scans: readonly ReadScan[], z: Rows, context: TokenContext): Float32Array {
    const contributions = this.#contributions.view().subarray(0, context.length * this.#spec.innerWidth);
    contributions.fill(0);
    const readers = spansOf([...readersOf(context)].sort((a, b) => a - b));
    for (const scan of scans) this.#add(scan, z, readers, context.length);
    return contributions;
  }

  #add(scan: ReadScan, z: Rows, readers: readonly Span[], length: number): void {
    const { innerWidth: E, stateSize: N } = this.#spec;
    const forwards = scan.direction === 'forward';
    const last = readers.at(-1)!;
    const first = forwards ? 0 : readers[0].first;
    const count = forwards ? last.first + last.count : length - first;
    const delta = this.#next(scan, first, count, length);
    const { deltaBias } = scan;
    for (const reader of readers) {
      this.#kernels.readerWeights({
        ...{
          batch: 1,
          length: reader.count,
          channels: E,
          delta: from(delta, reader.first - first),
          deltaBias,
        },
        ...{ z: from(z, reader.first), to: from(this.#rows(this.#weights), reader.first - first) },
      });
    }
    this.#kernels.selectiveScan({
      ...{ batch: 1, length: count, channels: E, states: N, direction: forwards ? 'backward' : 'forward' },
      ...{ delta, deltaBias, a: scan.a, d: this.#nothing.at, b: from(scan.c, first), c: from(scan.b, first) },
      ...{ u: this.#rows(this.#weights), y: this.#rows(this.#read) },
      ...(scan.positions !== undefined && { positions: scan.positions + 4 * first }),
    });
    this.#kernels.addContributions({
      ...{ batch: 1, length: count, channels: E, delta: from(scan.delta, first), deltaBias },
      ...{ u: from(scan.u, first), read: this.#rows(this.#read) },
      to: from(this.#rows(this.#contributions), first),
    });
    const weights = this.#weights.view();
    for (const { first: reader, count: rows } of readers) {
      weights.fill(0, (reader - first) * E, (reader - first + rows) * E);
    }
  }

  /**
   * Rows of Δ of which row j is that of the scan's next token: where there is one after the last, the same rows begun
   * one further; else a copy, since nothing is known of what lies there. The scan begins in that row with an empty state,
   * and its Δ cancels against the reader's weight, so that any number does.
   */
  #next({ direction, delta }: ReadScan, first: number, count: number, length: number): Rows {
    const step = direction === 'forward' ? 1 : -1;
    if (first + step >= 0 && first + step + count <= length) return from(delta, first + step);
    const { innerWidth: E } = this.#spec;
    const moved = this.#delta.view();
    const all = new Float32Array(moved.buffer);
    for (let row = Math.max(0, -step); row < count - Math.max(0, step); row++) {
      const at = delta.at / 4 + (first + row + step) * delta.stride;
      moved.set(all.subarray(at, at + E), row * E);
    }
    const last = step === 1 ? count - 1 : 0;
    moved.fill(0, last * E, (last + 1) * E);
    return this.#rows(this.#delta);
  }

  #rows({ at }: Floats): Rows {
    return { at, stride: this.#spec.innerWidth };
  }
}

/** The same rows, begun `count` further. */
function from({ at, stride }: Rows, count: number): Rows {
  return { at: at + 4 * count * stride, stride };
}

/** Neighbours together. @param rows rising */
function spansOf(rows: readonly number[]): readonly Span[] {
  const spans: Span[] = [];
  for (const row of rows) {
    const last = spans.at(-1);
    if (last !== undefined && last.first + last.count === row) {
      spans[spans.length - 1] = { first: last.first, count: last.count + 1 };
    } else spans.push({ first: row, count: 1 });
  }
  return spans;
}
