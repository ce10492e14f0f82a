/** Parameters (or, at another base, their gradients) under the names that the segments know them by. */
import type { Placement } from '../autodiff/program.ts';
import type { ParameterLayout } from './layout.ts';

export type Placements = Readonly<Record<string, Placement>>;

/** By a trace's name of an input: the parameter's name, and its shape there if that is not its own. */
export type WeightNames = Readonly<
  Record<string, string | readonly [name: string, shape: readonly number[]]>
>;

export class FlatParameters {
  readonly #layout: ParameterLayout;
  readonly #base: number;
  readonly #prefix: string;

  /**
   * @param base byte offset of the vector that the layout describes
   * @param prefix of every trace's name: none for parameters, `d_` for gradients
   */
  constructor(layout: ParameterLayout, base: number, prefix: '' | 'd_') {
    this.#layout = layout;
    this.#base = base;
    this.#prefix = prefix;
  }

  /** Byte offset of a parameter by upstream's name. */
  at(name: string): number {
    return this.#base + 4 * this.#layout.byName.get(name)!.first;
  }

  placed(names: WeightNames): Placements {
    return this.#named(names, this.#prefix);
  }

  /** The buffers' slots, under the traces' own names. */
  statistics(names: WeightNames): Placements {
    return this.#named(names, '');
  }

  #named(names: WeightNames, prefix: string): Placements {
    return Object.fromEntries(
      Object.entries(names).map(([own, of]) => {
        const [name, shape] = typeof of === 'string' ? [of, this.#layout.byName.get(of)!.shape] : of;
        return [prefix + own, { at: this.at(name), shape }];
      }),
    );
  }
}
