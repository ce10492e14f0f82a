/** Parameters (or, at another base, their gradients) under the names that the segments know them by. */
import type { Placement } from '@vssm/backend-cpu';
import type { Direction } from '@vssm/core';
import { directionParameterNames, type TrainableSpec } from '@vssm/families';
import { patchSizeOf } from '../data/patches.ts';
import type { ParameterLayout } from './layout.ts';
import { directions } from './segments.ts';

export type Placements = Readonly<Record<string, Placement>>;

export class NamedParameters {
  readonly #spec: TrainableSpec;
  readonly #layout: ParameterLayout;
  readonly #base: number;
  readonly #prefix: string;

  /**
   * @param base byte offset of the vector that the layout describes
   * @param prefix of every name: none for parameters, `d_` for gradients
   */
  constructor(spec: TrainableSpec, layout: ParameterLayout, base: number, prefix: '' | 'd_') {
    this.#spec = spec;
    this.#layout = layout;
    this.#base = base;
    this.#prefix = prefix;
  }

  /** Byte offset of a parameter by upstream's name. */
  at(name: string): number {
    return this.#base + 4 * this.#layout.byName.get(name)!.first;
  }

  /** Byte offset of the bias of Δ. */
  deltaBias(block: number, direction: Direction): number {
    return this.at(`layers.${block}.mixer.${directionParameterNames[direction].dtProj}.bias`);
  }

  /** Byte offset of a block's output projection, [d, E]. */
  outProjection(block: number): number {
    return this.at(`layers.${block}.mixer.out_proj.weight`);
  }

  embed(): Placements {
    const { width: d } = this.#spec;
    return this.#named({
      // The convolution's kernel, one row per output.
      patch_weight: { at: this.at('patch_embed.proj.weight'), shape: [d, patchSizeOf(this.#spec)] },
      patch_bias: this.#slot('patch_embed.proj.bias'),
      cls_token: this.#slot('cls_token'),
      pos_embed: this.#slot('pos_embed'),
      ...this.#inProjection(0),
    });
  }

  projections(block: number): Placements {
    const own = (name: string) => this.#slot(`layers.${block}.mixer.${name}.weight`);
    return this.#named(
      Object.fromEntries(
        directions.flatMap((one) => {
          const { xProj, dtProj } = directionParameterNames[one];
          return [
            [`x_proj_${one}`, own(xProj)],
            [`dt_proj_${one}`, own(dtProj)],
          ];
        }),
      ),
    );
  }

  /** Of the segment between a block and the next. */
  next(block: number): Placements {
    return this.#named({ out_proj: this.#outProjection(block), ...this.#inProjection(block + 1) });
  }

  head(): Placements {
    return this.#named({
      out_proj: this.#outProjection(this.#spec.depth - 1),
      norm_f: this.#slot('norm_f.weight'),
      head_weight: this.#slot('head.weight'),
      head_bias: this.#slot('head.bias'),
    });
  }

  #outProjection(block: number): Placement {
    return this.#slot(`layers.${block}.mixer.out_proj.weight`);
  }

  #inProjection(block: number): Placements {
    return {
      norm: this.#slot(`layers.${block}.norm.weight`),
      in_proj: this.#slot(`layers.${block}.mixer.in_proj.weight`),
    };
  }

  #slot(name: string): Placement {
    return { at: this.at(name), shape: this.#layout.byName.get(name)!.shape };
  }

  #named(placements: Placements): Placements {
    return Object.fromEntries(
      Object.entries(placements).map(([name, placement]) => [this.#prefix + name, placement]),
    );
  }
}
