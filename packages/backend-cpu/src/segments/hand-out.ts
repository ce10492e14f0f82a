/**
 * What the engine hands out to a rule on blocks that are followed by a pruning step: views of what lies in the
 * kernels' memory anyway, and what has to be computed besides, if the rule names it.
 */
import {
  contributionsOf,
  type PruningPlan,
  type RowReducer,
  reduceWith,
  ruleOf,
  type SignalName,
  type SignalSource,
} from '@vssm/core';
import { silu } from '@vssm/core/reference';
import { type ModelSpec, sequenceLength } from '@vssm/families';
import type { Arena, Kernels, Region, Rows } from '@vssm/kernels';
import type { Buffers, Floats } from './buffers.ts';
import type { Hooks, PlacedSet } from './family.ts';
import type { ExtraPlaces, MixJob } from './mixer.ts';
import { project } from './project.ts';

export interface HandOutContext {
  readonly spec: ModelSpec;
  readonly plan: PruningPlan;
  readonly arena: Arena;
  readonly kernels: Kernels;
  readonly buffers: Buffers;
  readonly family: Hooks;
  /** Most images at once. */
  readonly batch: number;
  /** Where the signal `hidden` has been left; absent: it is computed in plain loops when asked for. */
  readonly hidden?: Floats;
  /** Whether contributions are read in every block, whatever the rule reads. */
  readonly contributions: boolean;
}

/** Regions behind the mixer's extra outputs, [rows, E] each. */
interface Extras {
  readonly directions?: readonly Floats[];
  readonly sum?: Floats;
  /** The directions' sum, where the mixer leaves them one by one. */
  readonly added?: Floats;
  readonly gatedBackward?: Floats;
}

/** Signals that Δ goes into. */
const ofDelta: readonly SignalName[] = ['delta', 'scans', 'contributions'];

export class HandOut {
  readonly #context: HandOutContext;
  readonly #extras: Extras;
  /** Δ of every set after softplus, [rows, E]; undefined where no rule reads it. */
  readonly #delta: readonly Floats[] | undefined;
  /** Byte offsets of the biases of Δ of every set, by block; none where nothing is made of Δ. */
  readonly #biases = new Map<number, readonly number[]>();
  /** [L0] float64: what the kernel leaves of a signal. */
  readonly #scores: Floats;
  #job: MixJob | undefined;
  #residual: Float32Array = new Float32Array(0);
  #positions: readonly Int32Array[] = [];

  constructor(context: HandOutContext) {
    this.#context = context;
    const { spec, arena, buffers, family, batch } = context;
    const names = namesOf(context);
    const wide = () => arena.float32(batch * sequenceLength(spec) * spec.innerWidth);
    const { directions, sum, gatedBackward } = family.extras(names);
    this.#extras = {
      ...(directions > 0 && { directions: Array.from({ length: directions }, wide) }),
      ...(sum && { sum: wide() }),
      ...(directions > 0 && !sum && names.has('ssm') && { added: wide() }),
      ...(gatedBackward && { gatedBackward: wide() }),
    };
    this.#scores = arena.float32(2 * sequenceLength(spec));
    if (!ofDelta.some((name) => names.has(name))) return;
    // The kernels that read contributions make it for themselves.
    const byKernel = family.contributions !== undefined && !names.has('delta') && !names.has('scans');
    if (!byKernel) this.#delta = buffers.sets.map(wide);
    for (const block of readBlocks(context)) {
      const placed = family.deltaBiases(block).map((bias) => arena.place(bias).at);
      this.#biases.set(block, placed);
    }
  }

  /** Where the mixer leaves what it would not leave otherwise. */
  get places(): ExtraPlaces {
    const { directions, sum, gatedBackward } = this.#extras;
    const rows = ({ at }: Region<Float32Array>): Rows => ({ at, stride: this.#context.spec.innerWidth });
    return {
      ...(directions !== undefined && { directions: directions.map(rows) }),
      ...(sum !== undefined && { sum: rows(sum) }),
      ...(gatedBackward !== undefined && { gatedBackward: rows(gatedBackward) }),
    };
  }

  /**
   * A block has been scanned: what follows is about it.
   *
   * @param residual [rows, d], the stream that entered the block's norm
   * @param positions of each image's tokens
   */
  begin(job: MixJob, residual: Float32Array, positions: readonly Int32Array[]): void {
    this.#job = job;
    this.#positions = positions;
    this.#residual = residual;
    const { spec, kernels, buffers } = this.#context;
    const E = spec.innerWidth;
    // Now that no arena takes more room: the memory's buffer is what the signals' views are of.
    reduceWith(kernels.memory.buffer, this.#reduce);
    for (const [set, to] of (this.#delta ?? []).entries()) {
      kernels.activateDelta({
        ...{ batch: job.batch, length: job.length, channels: E },
        delta: { at: buffers.sets[set].delta.at, stride: E },
        bias: this.#biases.get(job.block)![set],
        to: { at: to.at, stride: E },
      });
    }
  }

  /** Signals of one image of the chunk. */
  source(image: number): SignalSource {
    const { spec, buffers, family, hidden } = this.#context;
    const { innerWidth: E, stateSize: N, dtRank: r, width: d } = spec;
    const job = this.#job!;
    const { length } = job;
    const first = image * length;
    const rows = (region: Floats, width: number) =>
      region.view().subarray(first * width, (first + length) * width);
    const { directions, sum, gatedBackward } = this.#extras;
    const columns = (from: number) => () =>
      buffers.sets.map(({ projected }) => columnsOf(rows(projected, r + 2 * N), r + 2 * N, r + from, N));
    const z = () => columnsOf(rows(buffers.xz, 2 * E), 2 * E, E, E);
    const scans = () => {
      const [B, C] = [columns(0)(), columns(N)()];
      const sets = buffers.sets.map(({ u }, set) => {
        return { delta: rows(this.#delta![set], E), u: rows(u, E), B: B[set], C: C[set] };
      });
      return family.scans(job.block, this.#positions[image], job.gaps, sets, job.columns);
    };
    const ys = () => directions!.map((region) => rows(region, E));
    return {
      gated: () => rows(buffers.y, E),
      ssm: () => rows(sum ?? this.#added(first, length), E),
      'gated-backward': () =>
        gatedBackward === undefined ? gatedBy(ys()[1], rows(buffers.xz, 2 * E), E) : rows(gatedBackward, E),
      y: ys,
      delta: () => this.#delta!.map((region) => rows(region, E)),
      B: columns(0),
      C: columns(N),
      u: () => buffers.sets.map(({ u }) => rows(u, E)),
      z,
      scans,
      contributions: (context) => {
        if (family.contributions === undefined) return contributionsOf(scans(), z(), context);
        const positions = job.gaps ? buffers.positions.at + 4 * first : undefined;
        const gate = { at: buffers.xz.at + 4 * (first * 2 * E + E), stride: 2 * E };
        return family.contributions(
          job.block,
          this.#placedSets(first),
          gate,
          positions,
          context,
          job.columns,
        );
      },
      hidden: () =>
        hidden === undefined
          ? project(rows(buffers.y, E), E, family.outProjection(job.block))
          : rows(hidden, d),
      residual: () => this.#residual.subarray(first * d, (first + length) * d),
    };
  }

  /** Signals are rows in the kernels' memory, one after another. */
  readonly #reduce: RowReducer = (signal, length, channels, reduction) => {
    if (reduction.kernel === undefined) return undefined;
    const { kernels } = this.#context;
    const { at } = this.#scores;
    const x = { at: signal.byteOffset, stride: channels };
    kernels.reduceRows({ kind: reduction.kernel, length, channels, x, to: at });
    return new Float64Array(kernels.memory.buffer, at, length).slice();
  };

  /** The two directions' sum of the image whose rows begin at `first`, in its own rows. */
  #added(first: number, length: number): Floats {
    const { innerWidth: E } = this.#context.spec;
    const { directions, added } = this.#extras;
    const [one, other] = directions!.map(({ at }) => at + 4 * first * E);
    const strides = [0, 0, 1] as const;
    const { tensors } = this.#context.kernels;
    tensors.binary('add', [1, 1, length * E], one, strides, other, strides, added!.at + 4 * first * E);
    return added!;
  }

  /** Of the image whose rows begin at `first`. */
  #placedSets(first: number): readonly PlacedSet[] {
    const { innerWidth: E, stateSize: N, dtRank: r } = this.#context.spec;
    const width = r + 2 * N;
    const biases = this.#biases.get(this.#job!.block)!;
    return this.#context.buffers.sets.map(({ u, delta, projected }, set) => {
      const columns = (from: number): Rows => ({
        at: projected.at + 4 * (first * width + from),
        stride: width,
      });
      const wide = (region: Floats): Rows => ({ at: region.at + 4 * first * E, stride: E });
      return {
        ...{ delta: wide(delta), deltaBias: biases[set], u: wide(u) },
        ...{ b: columns(r), c: columns(r + N) },
      };
    });
  }
}

type Read = Pick<HandOutContext, 'plan' | 'contributions'>;

/** The signals that the plan's rule names, and contributions where they are asked for. */
export function namesOf({ plan, contributions }: Read): ReadonlySet<SignalName> {
  const own = plan.schedule.length === 0 ? [] : ruleOf(plan).signals;
  return new Set(contributions ? [...own, 'contributions'] : own);
}

/** The blocks in which signals are read, 0-based. */
export function readBlocks({ spec, plan, contributions }: Read & Pick<HandOutContext, 'spec'>): number[] {
  if (contributions) return Array.from({ length: spec.depth }, (_, block) => block);
  return plan.schedule.map(({ after }) => after - 1);
}

function columnsOf(rows: Float32Array, stride: number, first: number, count: number): Float32Array {
  const columns = new Float32Array((rows.length / stride) * count);
  for (let at = first, to = 0; to < columns.length; at += stride, to += count) {
    columns.set(rows.subarray(at, at + count), to);
  }
  return columns;
}

/** y [L, E] times SiLU(z), z being the second half of every row of xz [L, 2E]. */
function gatedBy(y: Float32Array, xz: Float32Array, E: number): Float32Array {
  return y.map((value, i) => value * silu(xz[(2 * Math.floor(i / E) + 1) * E + (i % E)]));
}
