/**
 * A PlainMamba layer's kernel work over a range of channels: one convolution on the grid, and four snakes over
 * shared Δ, B, C and A.
 */
import { type GridSides, type ScanOrder, scanDirections, snakeOrders } from '@vssm/core';
import { type PlainMambaSpec, plainMambaGrid, sequenceLength } from '@vssm/families';
import { type Arena, fillSnakeTables, type Kernels, type Region, type SnakeScanOptions } from '@vssm/kernels';
import type { ChannelRange, Mixer, MixerContext, MixerPlaces, MixJob } from '../mixer.ts';
import { type LayerParameters, placeParameters } from './parameters.ts';
import { ScanAlone } from './scan-alone.ts';

/** The walks of the snakes, [images, 4, K] each. */
interface Walks {
  readonly orders: Region<Int32Array>;
  readonly moves: Region<Int32Array>;
  readonly gaps: Region<Int32Array>;
}

export class GridMixer implements Mixer {
  readonly #kernels: Kernels;
  readonly #spec: PlainMambaSpec;
  readonly #parameters: readonly LayerParameters[];
  readonly #places: MixerPlaces;
  readonly #channels: number;
  readonly #snakes: readonly ScanOrder[];
  /** Over the full grid, for all images alike; and over the tokens that are left, for each. */
  readonly #fullWalk: Walks;
  readonly #keptWalks: Walks;
  /** Present where a rule reads the directions one by one. */
  readonly #scanAlone: ScanAlone | undefined;

  constructor(context: MixerContext<PlainMambaSpec>, range: ChannelRange) {
    const { kernels, arena, spec, weights, places, batch } = context;
    this.#kernels = kernels;
    this.#spec = spec;
    this.#parameters = placeParameters(arena, spec, weights, range);
    this.#places = places;
    this.#channels = range.count;
    const { height, width } = plainMambaGrid(spec);
    this.#snakes = snakeOrders(height, width);
    const length = height * width;
    this.#fullWalk = placeWalks(arena, length);
    this.#keptWalks = placeWalks(arena, batch * length);
    const everyCell = Int32Array.from({ length }, (_, cell) => cell);
    this.#fill(this.#fullWalk, everyCell, 1);
    if (places.extras?.directions !== undefined) {
      this.#scanAlone = new ScanAlone(kernels, arena, spec, range.count, batch * length);
    }
  }

  arrange(batch: number, length: number, columns: number): void {
    const snakes = columns === 0 ? this.#snakes : snakeOrders(length / columns, columns);
    this.#fill(this.#keptWalks, this.#places.positions.view().subarray(0, batch * length), batch, snakes);
  }

  convolve({ block, batch, length, positionalTaps, columns: own }: MixJob): void {
    const { height: rows, width: columns } = gridOf(this.#spec, length, own);
    const { taps, convBias } = this.#parameters[block];
    const { x, sets, positions } = this.#places;
    this.#kernels.gridConv({
      batch,
      length,
      channels: this.#channels,
      kernel: this.#spec.convKernel,
      rows,
      columns,
      x,
      weight: taps,
      bias: convBias,
      ...(positionalTaps && { cells: positions.at }),
      activation: 'silu',
      u: sets[0].u,
    });
  }

  scan({ block, batch, length, gaps }: MixJob, handOut: boolean): void {
    const { stateSize: N, dtRank: r } = this.#spec;
    const { z, sets, y, extras } = this.#places;
    const [{ u, delta, projected }] = sets;
    const { at, stride } = projected;
    const pruned = length < sequenceLength(this.#spec);
    const { orders, moves, gaps: steps } = pruned ? this.#keptWalks : this.#fullWalk;
    const { deltaBias, a, d, directionB } = this.#parameters[block];
    const options: SnakeScanOptions = {
      batch,
      length,
      channels: this.#channels,
      states: N,
      delta,
      deltaBias,
      a,
      d,
      b: { at: at + 4 * r, stride },
      c: { at: at + 4 * (r + N), stride },
      directionB,
      u,
      y,
      orders: orders.at,
      moves: moves.at,
      ...(gaps && { gaps: steps.at }),
      ...(!pruned && { ordersStride: 0 }),
      gate: { z },
    };
    const sum = handOut ? extras?.sum : undefined;
    this.#kernels.snakeScan({ ...options, ...(sum !== undefined && { sum }) });
    if (handOut && this.#scanAlone !== undefined) this.#scanAlone.scan(options, extras!.directions!);
  }

  async dispose(): Promise<void> {}

  #fill(
    { orders, moves, gaps }: Walks,
    cells: Int32Array,
    batch: number,
    snakes: readonly ScanOrder[] = this.#snakes,
  ): void {
    const count = scanDirections * cells.length;
    const part = (table: Region<Int32Array>) => table.view().subarray(0, count);
    fillSnakeTables(snakes, cells, batch, {
      orders: part(orders),
      moves: part(moves),
      gaps: part(gaps),
    });
  }
}

/** Of so many tokens; see `MixJob.columns`. */
export function gridOf(spec: PlainMambaSpec, length: number, columns: number): GridSides {
  return columns === 0 ? plainMambaGrid(spec) : { height: length / columns, width: columns };
}

function placeWalks(arena: Arena, cells: number): Walks {
  const table = () => arena.int32(scanDirections * cells);
  return { orders: table(), moves: table(), gaps: table() };
}
