/**
 * What a block's forward pass hands out to the plan's rule. Room for what lies nowhere yet is the backward pass's, which
 * has not begun. Gradients do not pass through a selection, so none of this has any.
 */
import { ContributionScan, project } from '@vssm/backend-cpu';
import { type Direction, ruleOf, type SignalName, type SignalSource } from '@vssm/core';
import { silu } from '@vssm/core/reference';
import { type BidirectionalModel, directionParameterNames, sequenceLength } from '@vssm/families';
import { type Matrix, rowsFrom, rowsOf } from '../engine/buffers.ts';
import { columnsOf } from '../engine/columns.ts';
import type { BlockJob, MixingParts } from '../family.ts';
import { directions } from './segments.ts';

export class HandOut {
  readonly #parts: MixingParts<BidirectionalModel>;
  readonly #share: number;
  readonly #names: ReadonlySet<SignalName>;
  /** Byte offset of A, [E, N], of a block's direction. */
  readonly #a: (block: number, direction: Direction) => number;
  readonly #contributions: ContributionScan | undefined;

  /**
   * @param share of each direction in the sum of both
   * @param a byte offset of A, [E, N]
   */
  constructor(
    parts: MixingParts<BidirectionalModel>,
    share: number,
    a: (block: number, direction: Direction) => number,
  ) {
    this.#parts = parts;
    this.#share = share;
    this.#names = new Set(ruleOf(parts.plan).signals);
    this.#a = a;
    if (this.#names.has('contributions')) {
      const { kernels, arena, spec } = parts;
      this.#contributions = new ContributionScan(kernels, arena, spec, sequenceLength(spec));
    }
  }

  /** Where the mixer leaves each direction's y; undefined where the rule reads none. */
  get own(): Readonly<Record<Direction, Matrix>> | undefined {
    const [forward, backward] = this.#parts.buffers.sets;
    const wanted = this.#names.has('y') || this.#names.has('gated-backward');
    return wanted ? { forward: forward.u, backward: backward.u } : undefined;
  }

  /** A block has been scanned: what `source` gives until the next one is about it. */
  begin({ block, length }: BlockJob): void {
    if (!this.#names.has('delta')) return;
    const { spec, batch, kernels, buffers } = this.#parts;
    for (const [set, direction] of directions.entries()) {
      kernels.activateDelta({
        ...{ batch, length, channels: spec.innerWidth },
        delta: rowsOf(buffers.blocks[block].sets[set].delta),
        bias: this.#deltaBias(block, direction),
        to: rowsOf(buffers.sets[set].delta),
      });
    }
  }

  /** Signals of one image of the micro-batch. */
  source({ block, length, gaps }: BlockJob, image: number): SignalSource {
    const { spec, arena, buffers, parameters } = this.#parts;
    const { innerWidth: E, stateSize: N, dtRank: r } = spec;
    const own = buffers.blocks[block];
    const rows = (matrix: Matrix, from = 0, count = matrix.columns) =>
      columnsOf(arena.memory.buffer, matrix, image * length, length, from, count);
    const ofEach = (matrix: (set: number) => Matrix, from?: number, count?: number) => () =>
      directions.map((_, set) => rows(matrix(set), from, count));
    // y is the plain sum of the directions; their share in it is folded into the projection that follows.
    const gated = () => scaled(rows(buffers.y), this.#share);
    const ownY = (set: number) => buffers.sets[set].u;
    return {
      gated,
      'gated-backward': () => {
        const z = rows(own.xz, E, E);
        return rows(ownY(directions.indexOf('backward'))).map((value, i) => value * silu(z[i]));
      },
      ssm: () => rows(own.ssm),
      y: ofEach(ownY),
      delta: ofEach((set) => buffers.sets[set].delta),
      B: ofEach((set) => own.sets[set].projected, r, N),
      C: ofEach((set) => own.sets[set].projected, r + N, N),
      u: ofEach((set) => own.sets[set].u),
      z: () => rows(own.xz, E, E),
      hidden: () =>
        project(gated(), E, {
          weight: this.#floats(parameters.at(`layers.${block}.mixer.out_proj.weight`), spec.width * E),
        }),
      residual: () => rows(own.residual),
      contributions: (context) => {
        const first = image * length;
        const place = (matrix: Matrix, column?: number) => rowsFrom(matrix, first, column);
        const scans = directions.map((direction, set) => {
          const { delta, u, projected } = own.sets[set];
          return {
            ...{ direction, delta: place(delta), u: place(u) },
            ...{ b: place(projected, r), c: place(projected, r + N) },
            ...{ deltaBias: this.#deltaBias(block, direction), a: this.#a(block, direction) },
            ...(gaps && { positions: own.positions + 4 * first }),
          };
        });
        return this.#contributions!.run(scans, place(own.xz, E), context);
      },
    };
  }

  /** Byte offset of [E]. */
  #deltaBias(block: number, direction: Direction): number {
    return this.#parts.parameters.at(
      `layers.${block}.mixer.${directionParameterNames[direction].dtProj}.bias`,
    );
  }

  #floats(at: number, count: number): Float32Array {
    return new Float32Array(this.#parts.arena.memory.buffer, at, count);
  }
}

/** A loop: `map` takes some ten times as long, of a few thousand numbers an image and step. */
function scaled(x: Float32Array, by: number): Float32Array {
  const to = new Float32Array(x.length);
  for (let i = 0; i < x.length; i++) to[i] = x[i] * by;
  return to;
}
