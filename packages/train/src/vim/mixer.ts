/** What the kernels do of a block, forward and backward: two directions, one after the other. */
import { type Direction, sizeOf } from '@vssm/core';
import { type BidirectionalModel, directionParameterNames, sequenceLength } from '@vssm/families';
import { convBackwardScratch, scanBackwardScratch } from '@vssm/kernels';
import { type Matrix, rowsOf } from '../engine/buffers.ts';
import type { FlatParameters } from '../engine/flat-parameters.ts';
import type { BlockJob, MixingParts } from '../family.ts';
import { directions } from './segments.ts';

export class BlockMixer {
  readonly #parts: MixingParts<BidirectionalModel>;
  /** Byte offset of A = -exp(A_log), [E, N], by block and direction. */
  readonly #a: readonly Readonly<Record<Direction, number>>[];
  /** Byte offsets: of [E, N], and of the gradients' working memory. */
  readonly #dA: number;
  readonly #scratch: number;

  constructor(parts: MixingParts<BidirectionalModel>) {
    this.#parts = parts;
    const { depth, innerWidth: E, stateSize: N, convKernel } = parts.spec;
    const place = () => parts.arena.float32(E * N).at;
    this.#a = Array.from({ length: depth }, () => ({ forward: place(), backward: place() }));
    this.#dA = place();
    const scratch = Math.max(
      scanBackwardScratch(sequenceLength(parts.spec), N),
      convBackwardScratch(E, convKernel),
    );
    this.#scratch = parts.arena.float32(scratch).at;
  }

  /** Byte offset of A = -exp(A_log), [E, N]. */
  a(block: number, direction: Direction): number {
    return this.#a[block][direction];
  }

  /** Recomputes what is derived from parameters. */
  parametersChanged(): void {
    for (const [block, byDirection] of this.#a.entries()) {
      for (const direction of directions) {
        const a = this.#matrix(byDirection[direction]);
        const log = this.#matrix(this.#names(block, direction, this.#parts.parameters).aLog);
        for (const [i, value] of log.entries()) a[i] = -Math.exp(value);
      }
    }
  }

  /** xz → u of both directions */
  convolve(job: BlockJob): void {
    const { spec, batch, kernels, buffers, parameters } = this.#parts;
    const own = buffers.blocks[job.block];
    for (const [set, direction] of directions.entries()) {
      const names = this.#names(job.block, direction, parameters);
      kernels.convSilu({
        batch,
        length: job.length,
        channels: spec.innerWidth,
        taps: spec.convKernel,
        direction,
        x: rowsOf(own.xz),
        weight: names.convWeight,
        bias: names.convBias,
        u: rowsOf(own.sets[set].u),
        ...(job.positionalTaps && { positions: own.positions }),
      });
    }
  }

  /**
   * u, delta, projected → ssm, and y, the gated sum.
   *
   * @param own where each direction's y goes too, if a rule reads it
   */
  scan(job: BlockJob, own?: Readonly<Record<Direction, Matrix>>): void {
    const { kernels, buffers } = this.#parts;
    const { ssm } = buffers.blocks[job.block];
    for (const direction of directions) {
      kernels.selectiveScan({
        ...this.#scanOptions(job, direction),
        y: rowsOf(ssm),
        accumulate: direction === 'backward',
        ...(own !== undefined && { own: rowsOf(own[direction]) }),
      });
    }
    this.gate(job);
  }

  /** ssm, z → y */
  gate({ block, length }: BlockJob): void {
    const { spec, batch, kernels, buffers } = this.#parts;
    const { innerWidth: E } = spec;
    const { ssm, xz } = buffers.blocks[block];
    const shape = { batch, length, channels: E, scale: 1 };
    kernels.gate({ ...shape, ssm: rowsOf(ssm), z: rowsOf(xz, E), y: rowsOf(buffers.y) });
  }

  /** dY → the z half of dXz; dDelta, dProjected and the scan's part of dU of both directions; parameters. */
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
    for (const [set, direction] of directions.entries()) {
      const names = this.#names(block, direction, gradients);
      const { u, delta, projected } = buffers.sets[set];
      const dA = this.#matrix(this.#dA).fill(0);
      kernels.scanBackward({
        ...this.#scanOptions(job, direction),
        dy: rowsOf(dY),
        dDelta: rowsOf(delta),
        dU: rowsOf(u),
        dB: rowsOf(projected, r),
        dC: rowsOf(projected, r + N),
        dDeltaBias: names.deltaBias,
        dA: this.#dA,
        dD: names.d,
        scratch: this.#scratch,
      });
      const a = this.#matrix(this.#a[block][direction]);
      const dLog = this.#matrix(names.aLog);
      for (const [i, slope] of dA.entries()) dLog[i] += slope * a[i];
    }
  }

  /** dU of both directions → the x half of dXz; parameters. */
  convBackward(job: BlockJob): void {
    const { spec, batch, kernels, buffers, parameters, gradients } = this.#parts;
    const own = buffers.blocks[job.block];
    for (const [set, direction] of directions.entries()) {
      const names = this.#names(job.block, direction, parameters);
      const slopes = this.#names(job.block, direction, gradients);
      kernels.convBackward({
        batch,
        length: job.length,
        channels: spec.innerWidth,
        taps: spec.convKernel,
        direction,
        x: rowsOf(own.xz),
        weight: names.convWeight,
        bias: names.convBias,
        du: rowsOf(buffers.sets[set].uInAll),
        dx: rowsOf(buffers.dXz),
        accumulate: direction === 'backward',
        dWeight: slopes.convWeight,
        dBias: slopes.convBias,
        scratch: this.#scratch,
        ...(job.positionalTaps && { positions: own.positions }),
      });
    }
  }

  #scanOptions({ block, length, gaps }: BlockJob, direction: Direction) {
    const { spec, batch, buffers, parameters } = this.#parts;
    const { innerWidth: E, dtRank: r, stateSize: N } = spec;
    const own = buffers.blocks[block];
    const { u, delta, projected } = own.sets[directions.indexOf(direction)];
    const names = this.#names(block, direction, parameters);
    return {
      batch,
      length,
      channels: E,
      states: N,
      direction,
      delta: rowsOf(delta),
      deltaBias: names.deltaBias,
      a: this.#a[block][direction],
      d: names.d,
      b: rowsOf(projected, r),
      c: rowsOf(projected, r + N),
      u: rowsOf(u),
      ...(gaps && { positions: own.positions }),
    };
  }

  /** Byte offsets of one direction's own parameters, or of their gradients. */
  #names(block: number, direction: Direction, vector: FlatParameters) {
    const names = directionParameterNames[direction];
    const at = (name: string) => vector.at(`layers.${block}.mixer.${name}`);
    return {
      convWeight: at(`${names.conv}.weight`),
      convBias: at(`${names.conv}.bias`),
      deltaBias: at(`${names.dtProj}.bias`),
      aLog: at(names.aLog),
      d: at(names.d),
    };
  }

  /** [E, N] */
  #matrix(at: number): Float32Array {
    const { spec, arena } = this.#parts;
    return new Float32Array(arena.memory.buffer, at, sizeOf([spec.innerWidth, spec.stateSize]));
  }
}
