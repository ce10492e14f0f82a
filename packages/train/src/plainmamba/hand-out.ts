/**
 * What a layer's forward pass hands out to the plan's rule. Room for what lies nowhere yet is the backward pass's, which
 * has not begun. Gradients do not pass through a selection, so none of this has any.
 */
import { project, SnakeContributions } from '@vssm/backend-cpu';
import {
  keptOrder,
  ruleOf,
  type ScanOrder,
  type SignalName,
  type SignalSource,
  snakeOrders,
} from '@vssm/core';
import { type PlainMambaSpec, plainMambaGrid, sequenceLength } from '@vssm/families';
import { type Matrix, rowsFrom, rowsOf } from '../engine/buffers.ts';
import { columnsOf } from '../engine/columns.ts';
import type { BlockJob, MixingParts } from '../family.ts';

/** Byte offsets: what the scan adds to delta, [E], and A, [E, N]. */
export interface Derived {
  readonly bias: number;
  readonly a: number;
}

export class HandOut {
  readonly #parts: MixingParts<PlainMambaSpec>;
  readonly #directions: readonly Matrix[];
  readonly #names: ReadonlySet<SignalName>;
  readonly #contributions: SnakeContributions | undefined;
  readonly #snakes: readonly ScanOrder[];
  #derived: Derived = { bias: 0, a: 0 };

  /** @param directions where each direction's y lies, where the rule reads them */
  constructor(parts: MixingParts<PlainMambaSpec>, directions: readonly Matrix[]) {
    this.#parts = parts;
    this.#directions = directions;
    this.#names = new Set(ruleOf(parts.plan).signals);
    const { height, width } = plainMambaGrid(parts.spec);
    this.#snakes = snakeOrders(height, width);
    if (this.#names.has('contributions')) {
      const { kernels, arena, spec } = parts;
      this.#contributions = new SnakeContributions(kernels, arena, spec, sequenceLength(spec));
    }
  }

  /** A layer has been scanned: what `source` gives until the next one is about it. */
  begin({ block, length }: BlockJob, derived: Derived): void {
    this.#derived = derived;
    if (!this.#names.has('delta')) return;
    const { spec, batch, kernels, buffers } = this.#parts;
    kernels.activateDelta({
      ...{ batch, length, channels: spec.innerWidth },
      delta: rowsOf(buffers.blocks[block].sets[0].delta),
      bias: derived.bias,
      to: rowsOf(buffers.sets[0].delta),
    });
  }

  /** Signals of one image of the micro-batch. */
  source({ block, length, gaps }: BlockJob, image: number): SignalSource {
    const { spec, arena, buffers, parameters } = this.#parts;
    const { width: d, innerWidth: E, stateSize: N, dtRank: r } = spec;
    const own = buffers.blocks[block];
    const [{ u, projected }] = own.sets;
    const { buffer } = arena.memory;
    const rows = (matrix: Matrix, from = 0, count = matrix.columns) =>
      columnsOf(buffer, matrix, image * length, length, from, count);
    const ownParameter = (name: string, size: number) =>
      new Float32Array(buffer, parameters.at(`backbone.layers.${block}.mamba.out_proj.${name}`), size);
    return {
      gated: () => rows(buffers.y),
      ssm: () => rows(own.ssm),
      y: () => this.#directions.map((matrix) => rows(matrix)),
      delta: () => [rows(buffers.sets[0].delta)],
      B: () => [rows(projected, r, N)],
      C: () => [rows(projected, r + N, N)],
      u: () => [rows(u)],
      z: () => rows(own.xz, E, E),
      hidden: () =>
        project(rows(buffers.y), E, { weight: ownParameter('weight', d * E), bias: ownParameter('bias', d) }),
      residual: () => rows(own.residual),
      contributions: (context) => {
        const first = image * length;
        const place = (matrix: Matrix, column?: number) => rowsFrom(matrix, first, column);
        const { bias: deltaBias, a } = this.#derived;
        const [{ delta }] = own.sets;
        const directionB = new Float32Array(
          buffer,
          parameters.at(`backbone.layers.${block}.mamba.direction_Bs`),
          5 * N,
        );
        return this.#contributions!.run(
          {
            ...{ delta: place(delta), deltaBias, u: place(u) },
            ...{ b: place(projected, r), c: place(projected, r + N) },
          },
          { a, directionB },
          this.#snakes.map((full) => keptOrder(full, context.positions)),
          place(own.xz, E),
          gaps,
          context,
        );
      },
    };
  }
}
