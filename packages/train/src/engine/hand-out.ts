/**
 * What a block's forward pass hands out to the plan's rule. Room for what lies nowhere yet is the backward pass's, which
 * has not begun. Gradients do not pass through a selection, so none of this has any.
 */
import { project } from '@vssm/backend-cpu';
import { type Direction, type PruningPlan, ruleOf, type SignalName, type SignalSource } from '@vssm/core';
import { silu } from '@vssm/core/reference';
import type { TrainableSpec } from '@vssm/families';
import type { Arena, Kernels } from '@vssm/kernels';
import { type Buffers, type Matrix, rowsOf } from './buffers.ts';
import type { BlockJob } from './mixer.ts';
import { directions } from './segments.ts';
import type { NamedParameters } from './weights.ts';

export interface HandOutParts {
  readonly spec: TrainableSpec;
  readonly plan: PruningPlan;
  /** Images. */
  readonly batch: number;
  readonly arena: Arena;
  readonly kernels: Kernels;
  readonly buffers: Buffers;
  readonly parameters: NamedParameters;
}

export class HandOut {
  readonly #parts: HandOutParts;
  readonly #names: ReadonlySet<SignalName>;

  constructor(parts: HandOutParts) {
    this.#parts = parts;
    this.#names = new Set(ruleOf(parts.plan).signals);
  }

  /** Where the mixer leaves each direction's y; undefined where the rule reads none. */
  get own(): Readonly<Record<Direction, Matrix>> | undefined {
    const { forward, backward } = this.#parts.buffers.d;
    const wanted = this.#names.has('y') || this.#names.has('gated-backward');
    return wanted ? { forward: forward.u, backward: backward.u } : undefined;
  }

  /** A block has been scanned: what `source` gives until the next one is about it. */
  begin({ block, length }: BlockJob): void {
    if (!this.#names.has('delta')) return;
    const { spec, batch, kernels, buffers, parameters } = this.#parts;
    for (const direction of directions) {
      kernels.activateDelta({
        ...{ batch, length, channels: spec.innerWidth },
        delta: rowsOf(buffers.blocks[block][direction].delta),
        bias: parameters.deltaBias(block, direction),
        to: rowsOf(buffers.d[direction].delta),
      });
    }
  }

  /** Signals of one image of the micro-batch. */
  source({ block, length }: BlockJob, image: number): SignalSource {
    const { spec, buffers, parameters } = this.#parts;
    const { innerWidth: E, stateSize: N, dtRank: r } = spec;
    const own = buffers.blocks[block];
    const first = image * length;
    const rows = (matrix: Matrix, from = 0, count = matrix.columns) =>
      this.#columns(matrix, first, length, from, count);
    const ofEach = (matrix: (direction: Direction) => Matrix, from?: number, count?: number) => () =>
      directions.map((direction) => rows(matrix(direction), from, count));
    // y is the sum of the directions; their mean is folded into the projection that follows.
    const gated = () => rows(buffers.y).map((value) => value / 2);
    const ownY = (direction: Direction) => buffers.d[direction].u;
    return {
      gated,
      'gated-backward': () => {
        const z = rows(own.xz, E, E);
        return rows(ownY('backward')).map((value, i) => value * silu(z[i]));
      },
      ssm: () => rows(own.ssm),
      y: ofEach(ownY),
      delta: ofEach((direction) => buffers.d[direction].delta),
      B: ofEach((direction) => own[direction].projected, r, N),
      C: ofEach((direction) => own[direction].projected, r + N, N),
      u: ofEach((direction) => own[direction].u),
      hidden: () =>
        project(gated(), E, { weight: this.#floats(parameters.outProjection(block), spec.width * E) }),
      residual: () => rows(own.residual),
    };
  }

  /** Columns `from` … of `length` rows, as they are where they are all of them, else a copy. */
  #columns(
    { at, columns }: Matrix,
    first: number,
    length: number,
    from: number,
    count: number,
  ): Float32Array {
    const all = this.#floats(at + 4 * first * columns, length * columns);
    if (count === columns) return all;
    return Float32Array.from({ length: length * count }, (_, i) => {
      return all[Math.floor(i / count) * columns + from + (i % count)];
    });
  }

  #floats(at: number, count: number): Float32Array {
    return new Float32Array(this.#parts.arena.memory.buffer, at, count);
  }
}
