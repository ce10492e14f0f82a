/**
 * What the kernels do of a PlainMamba's layers, forward and backward: one convolution on the grid, and four snakes over
 * shared Δ, B, C and A.
 */
import type { Places } from '@vssm/backend-cpu';
import { ScanAlone } from '@vssm/backend-cpu';
import { ruleOf, type ScanOrder, type SignalName, scanDirections, snakeOrders } from '@vssm/core';
import { type PlainMambaSpec, plainMambaGrid, sequenceLength } from '@vssm/families';
import { fillSnakeTables, gridConvBackwardScratch, type Region, snakeBackwardScratch } from '@vssm/kernels';
import { type Matrix, rowsOf } from '../engine/buffers.ts';
import type { FlatParameters } from '../engine/flat-parameters.ts';
import type { BlockJob, Mixing, MixingParts } from '../family.ts';
import { HandOut } from './hand-out.ts';

/** The walks of a layer's tokens along the snakes, [images, 4, K] each. */
interface Walks {
  readonly orders: Region<Int32Array>;
  readonly moves: Region<Int32Array>;
  readonly gaps: Region<Int32Array>;
}

/** What is derived from a layer's parameters, as byte offsets. */
interface Derived {
  /** [k · k, E], taps first */
  readonly taps: number;
  /** [E]: dt_proj's bias twice, once of the projection and once more, added inside the scan */
  readonly deltaBias: number;
  /** [E, N]: -exp(A_log) */
  readonly a: number;
}

export class GridMixing implements Mixing {
  readonly #parts: MixingParts<PlainMambaSpec>;
  readonly #derived: readonly Derived[];
  /** Gradients of what is derived, of one layer at a time. */
  readonly #slopes: Derived;
  readonly #snakes: readonly ScanOrder[];
  readonly #walks: readonly Walks[];
  readonly #scratch: number;
  readonly #signals: ReadonlySet<SignalName>;
  readonly #handOut: HandOut;
  /** Each direction's y, where the plan's rule reads them. */
  readonly #alone: { readonly scan: ScanAlone; readonly directions: readonly Matrix[] } | undefined;

  constructor(parts: MixingParts<PlainMambaSpec>) {
    this.#parts = parts;
    const { spec, plan, batch, lengths, arena, kernels } = parts;
    const { innerWidth: E, stateSize: N, convKernel } = spec;
    const place = (size: number) => arena.float32(size).at;
    const derived = () => ({ taps: place(convKernel ** 2 * E), deltaBias: place(E), a: place(E * N) });
    this.#derived = lengths.map(derived);
    this.#slopes = derived();
    const { height, width } = plainMambaGrid(spec);
    this.#snakes = snakeOrders(height, width);
    this.#walks = lengths.map((length) => {
      const table = () => arena.int32(batch * scanDirections * length);
      return { orders: table(), moves: table(), gaps: table() };
    });
    const grid = { kernel: convKernel, rows: height, columns: width };
    this.#scratch = place(Math.max(snakeBackwardScratch(height * width, N), gridConvBackwardScratch(grid)));
    this.#signals = new Set(ruleOf(plan).signals);
    const rows = batch * height * width;
    if (this.#signals.has('y')) {
      this.#alone = {
        scan: new ScanAlone(kernels, arena, spec, E, rows),
        directions: Array.from({ length: scanDirections }, () => ({ at: place(rows * E), columns: E })),
      };
    }
    this.#handOut = new HandOut(parts, this.#alone?.directions ?? []);
  }

  parametersChanged(): void {
    const { spec, parameters } = this.#parts;
    const { innerWidth: E, stateSize: N, convKernel } = spec;
    const taps = convKernel ** 2;
    for (const [layer, { taps: tapsAt, deltaBias, a }] of this.#derived.entries()) {
      const names = namesOf(layer, parameters);
      const weight = this.#floats(names.convWeight, taps * E);
      const first = this.#floats(tapsAt, taps * E);
      for (let channel = 0; channel < E; channel++) {
        for (let tap = 0; tap < taps; tap++) first[tap * E + channel] = weight[channel * taps + tap];
      }
      const twice = this.#floats(deltaBias, E);
      for (const [i, bias] of this.#floats(names.deltaBias, E).entries()) twice[i] = 2 * bias;
      const slopes = this.#floats(a, E * N);
      for (const [i, value] of this.#floats(names.aLog, E * N).entries()) slopes[i] = -Math.exp(value);
    }
  }

  arrange(block: number, { positions, length }: Places): void {
    const { batch, buffers, arena } = this.#parts;
    const cells = new Int32Array(arena.memory.buffer, buffers.blocks[block].positions, batch * length);
    for (const [image, own] of positions.entries()) cells.set(own, image * length);
    const { orders, moves, gaps } = this.#walks[block];
    const tables = { orders: orders.view(), moves: moves.view(), gaps: gaps.view() };
    fillSnakeTables(this.#snakes, cells, batch, tables);
  }

  convolve(job: BlockJob): void {
    const { kernels, buffers } = this.#parts;
    kernels.gridConv({ ...this.#convOptions(job), u: rowsOf(buffers.blocks[job.block].sets[0].u) });
  }

  scan(job: BlockJob, scored: boolean): void {
    const { kernels, buffers } = this.#parts;
    const options = { ...this.#scanOptions(job), y: rowsOf(buffers.blocks[job.block].ssm) };
    kernels.snakeScan(options);
    this.gate(job);
    if (!scored) return;
    this.#alone?.scan.scan(
      options,
      this.#alone.directions.map((matrix) => rowsOf(matrix)),
    );
    const { deltaBias, a } = this.#derived[job.block];
    this.#handOut.begin(job, { bias: deltaBias, a });
  }

  source(job: BlockJob, image: number) {
    return this.#handOut.source(job, image);
  }

  gate({ block, length }: BlockJob): void {
    const { spec, batch, kernels, buffers } = this.#parts;
    const { innerWidth: E } = spec;
    const { ssm, xz } = buffers.blocks[block];
    const shape = { batch, length, channels: E, scale: 1 };
    kernels.gate({ ...shape, ssm: rowsOf(ssm), z: rowsOf(xz, E), y: rowsOf(buffers.y) });
  }

  scanBackward(job: BlockJob): void {
    const { spec, batch, kernels, buffers, gradients } = this.#parts;
    const { innerWidth: E, dtRank: r, stateSize: N } = spec;
    const { length, block } = job;
    const { ssm, xz } = buffers.blocks[block];
    const { dY, dXz } = buffers;
    kernels.gateBackward({
      ...{ batch, length, channels: E, scale: 1 },
      ssm: rowsOf(ssm),
      z: rowsOf(xz, E),
      dy: rowsOf(dY),
      dSsm: rowsOf(dY),
      dZ: rowsOf(dXz, E),
    });
    const names = namesOf(block, gradients);
    const { u, delta, projected } = buffers.sets[0];
    const dA = this.#floats(this.#slopes.a, E * N).fill(0);
    const dBias = this.#floats(this.#slopes.deltaBias, E).fill(0);
    kernels.snakeBackward({
      ...this.#scanOptions(job),
      dy: rowsOf(dY),
      dDelta: rowsOf(delta),
      dU: rowsOf(u),
      dB: rowsOf(projected, r),
      dC: rowsOf(projected, r + N),
      dDeltaBias: this.#slopes.deltaBias,
      dA: this.#slopes.a,
      dD: names.d,
      dDirectionB: names.directionB,
      scratch: this.#scratch,
    });
    const a = this.#floats(this.#derived[block].a, E * N);
    const dLog = this.#floats(names.aLog, E * N);
    for (const [i, slope] of dA.entries()) dLog[i] += slope * a[i];
    const toBias = this.#floats(names.deltaBias, E);
    for (const [i, slope] of dBias.entries()) toBias[i] += 2 * slope;
  }

  convBackward(job: BlockJob): void {
    const { spec, kernels, buffers, gradients } = this.#parts;
    const { innerWidth: E, convKernel } = spec;
    const taps = convKernel ** 2;
    const names = namesOf(job.block, gradients);
    const dTaps = this.#floats(this.#slopes.taps, taps * E).fill(0);
    kernels.gridConvBackward({
      ...this.#convOptions(job),
      du: rowsOf(buffers.sets[0].uInAll),
      dx: rowsOf(buffers.dXz),
      dWeight: this.#slopes.taps,
      dBias: names.convBias,
      scratch: this.#scratch,
    });
    const weight = this.#floats(names.convWeight, taps * E);
    for (let channel = 0; channel < E; channel++) {
      for (let tap = 0; tap < taps; tap++) weight[channel * taps + tap] += dTaps[tap * E + channel];
    }
  }

  #convOptions({ block, length, positionalTaps }: BlockJob) {
    const { spec, batch, buffers, parameters } = this.#parts;
    const { height: rows, width: columns } = plainMambaGrid(spec);
    const own = buffers.blocks[block];
    return {
      ...{ batch, length, channels: spec.innerWidth, kernel: spec.convKernel, rows, columns },
      activation: 'silu',
      x: rowsOf(own.xz),
      weight: this.#derived[block].taps,
      bias: namesOf(block, parameters).convBias,
      ...(positionalTaps && { cells: own.positions }),
    } as const;
  }

  #scanOptions({ block, length, gaps }: BlockJob) {
    const { spec, batch, buffers, parameters } = this.#parts;
    const { innerWidth: E, dtRank: r, stateSize: N } = spec;
    const { u, delta, projected } = buffers.blocks[block].sets[0];
    const { d, directionB } = namesOf(block, parameters);
    const { deltaBias, a } = this.#derived[block];
    const walks = this.#walks[block];
    return {
      ...{ batch, length, channels: E, states: N, deltaBias, a, d, directionB },
      delta: rowsOf(delta),
      b: rowsOf(projected, r),
      c: rowsOf(projected, r + N),
      u: rowsOf(u),
      orders: walks.orders.at,
      moves: walks.moves.at,
      ...(gaps && { gaps: walks.gaps.at }),
      // Unpruned, all images walk alike.
      ...(length === sequenceLength(spec) && { ordersStride: 0 }),
    };
  }

  #floats(at: number, count: number): Float32Array {
    return new Float32Array(this.#parts.arena.memory.buffer, at, count);
  }
}

/** Byte offsets of a layer's own parameters, or of their gradients. */
function namesOf(layer: number, vector: FlatParameters) {
  const at = (name: string) => vector.at(`backbone.layers.${layer}.mamba.${name}`);
  return {
    convWeight: at('conv2d.weight'),
    convBias: at('conv2d.bias'),
    deltaBias: at('dt_proj.bias'),
    aLog: at('A_log'),
    d: at('D'),
    directionB: at('direction_Bs'),
  };
}
