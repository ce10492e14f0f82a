/**
 * The four directions one by one, for a rule that reads each direction's y. The scan proper runs them together and
 * keeps only their sum; here each is a plain scan over rows that were put in its order, and put back afterwards. It
 * costs about twice the scan proper, on blocks that are followed by a pruning step of such a rule.
 */
import { scanDirections } from '@vssm/core';
import type { PlainMambaSpec } from '@vssm/families';
import type { Arena, Kernels, Region, Rows, SnakeScanOptions } from '@vssm/kernels';

/** Scans the four directions apart; see above. */
export class ScanAlone {
  readonly #kernels: Kernels;
  readonly #arena: Arena;
  readonly #states: number;
  readonly #channels: number;
  /** [rows, C]: u, and y, in scan order. */
  readonly #u: Region<Float32Array>;
  readonly #y: Region<Float32Array>;
  /** [rows, N]: B with the vector of each step's move. */
  readonly #b: Region<Float32Array>;
  /** [rows]: the token at each step, the step of each token, and ranks along the full snake. */
  readonly #order: Region<Int32Array>;
  readonly #steps: Region<Int32Array>;
  readonly #ranks: Region<Int32Array>;

  constructor(kernels: Kernels, arena: Arena, { stateSize }: PlainMambaSpec, channels: number, rows: number) {
    this.#kernels = kernels;
    this.#arena = arena;
    this.#states = stateSize;
    this.#channels = channels;
    this.#u = arena.float32(rows * channels);
    this.#y = arena.float32(rows * channels);
    this.#b = arena.float32(rows * stateSize);
    this.#order = arena.int32(rows);
    this.#steps = arena.int32(rows);
    this.#ranks = arena.int32(rows);
  }

  /** @param directions where each direction's y goes, tokens in their own places */
  scan(options: SnakeScanOptions, directions: readonly Rows[]): void {
    const { batch, length, channels, states, delta, deltaBias, a, d, c, u, gaps } = options;
    const width = this.#channels;
    const adjacent = (region: Region<Float32Array>): Rows => ({ at: region.at, stride: width });
    for (let direction = 0; direction < scanDirections; direction++) {
      this.#arrange(options, direction);
      const rows = { batch, length, kept: length, width };
      this.#kernels.gatherRows({ ...rows, from: u, to: adjacent(this.#u), indices: this.#order.at });
      this.#kernels.selectiveScan({
        ...{ batch, length, channels, states, direction: 'forward', delta, deltaBias, a, d, c },
        b: { at: this.#b.at, stride: states },
        u: adjacent(this.#u),
        y: adjacent(this.#y),
        ...(gaps !== undefined && { positions: this.#ranks.at }),
      });
      const to = directions[direction];
      this.#kernels.gatherRows({ ...rows, from: adjacent(this.#y), to, indices: this.#steps.at });
    }
  }

  /** Fills the tables of one direction, and B. */
  #arrange(options: SnakeScanOptions, direction: number): void {
    const { batch, length, b } = options;
    const N = this.#states;
    const { buffer } = this.#arena.memory;
    const floats = new Float32Array(buffer);
    const integers = new Int32Array(buffer);
    const [order, steps, ranks, ownB] = [this.#order, this.#steps, this.#ranks, this.#b].map((region) =>
      region.view(),
    );
    for (let image = 0; image < batch; image++) {
      const table = image * (options.ordersStride ?? scanDirections * length) + direction * length;
      let rank = 0;
      for (let step = 0; step < length; step++) {
        const row = image * length + step;
        const token = integers[options.orders / 4 + table + step];
        const move = integers[options.moves / 4 + table + step];
        rank += options.gaps === undefined ? 1 : integers[options.gaps / 4 + table + step] + 1;
        order[row] = token;
        steps[image * length + token] = step;
        ranks[row] = rank;
        for (let n = 0; n < N; n++) {
          ownB[row * N + n] =
            floats[b.at / 4 + row * b.stride + n] + floats[options.directionB / 4 + move * N + n];
        }
      }
    }
  }
}
