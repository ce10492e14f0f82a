/** A Vim block's kernel work over a range of channels: two directions, one after the other. */
import type { Direction } from '@vssm/core';
import type { BidirectionalModel } from '@vssm/families';
import type { Kernels } from '@vssm/kernels';
import type { ChannelRange, Mixer, MixerContext, MixerPlaces, MixJob } from '../mixer.ts';
import { type BlockParameters, placeParameters } from './parameters.ts';

/** In the order of the projection sets. */
const directions: readonly Direction[] = ['forward', 'backward'];

export class SequenceMixer implements Mixer {
  readonly #kernels: Kernels;
  readonly #spec: BidirectionalModel;
  readonly #parameters: readonly BlockParameters[];
  readonly #places: MixerPlaces;
  readonly #range: ChannelRange;
  readonly #share: number;

  constructor(context: MixerContext<BidirectionalModel>, range: ChannelRange) {
    const { kernels, arena, spec, weights, places } = context;
    this.#kernels = kernels;
    this.#spec = spec;
    this.#parameters = placeParameters(arena, spec, weights);
    this.#places = places;
    this.#range = range;
    this.#share = context.share;
  }

  arrange(): void {}

  convolve({ block, batch, length, positionalTaps }: MixJob): void {
    const { convKernel: taps } = this.#spec;
    const { first, count } = this.#range;
    const { x, sets, positions } = this.#places;
    for (const [set, direction] of directions.entries()) {
      const own = this.#parameters[block][direction];
      this.#kernels.convSilu({
        batch,
        length,
        channels: count,
        taps,
        direction,
        x,
        weight: own.taps + 4 * first * taps,
        bias: own.convBias + 4 * first,
        u: sets[set].u,
        ...(positionalTaps && { positions: positions.at }),
      });
    }
  }

  scan({ block, batch, length, gaps }: MixJob, handOut: boolean): void {
    const { stateSize: N, dtRank: r } = this.#spec;
    const { first, count } = this.#range;
    const { z, sets, y, positions, extras } = this.#places;
    for (const [set, direction] of directions.entries()) {
      const parameters = this.#parameters[block][direction];
      const { u, delta, projected } = sets[set];
      const { at, stride } = projected;
      const own = handOut ? extras?.directions?.[set] : undefined;
      const gatedBackward = handOut && direction === 'backward' ? extras?.gatedBackward : undefined;
      this.#kernels.selectiveScan({
        batch,
        length,
        channels: count,
        states: N,
        direction,
        delta,
        deltaBias: parameters.deltaBias + 4 * first,
        a: parameters.a + 4 * first * N,
        d: parameters.d + 4 * first,
        b: { at: at + 4 * r, stride },
        c: { at: at + 4 * (r + N), stride },
        u,
        y,
        ...(gaps && { positions: positions.at }),
        ...(direction === 'backward' && {
          accumulate: true,
          gate: { z, scale: this.#share },
        }),
        ...(own !== undefined && { own }),
        ...(gatedBackward !== undefined && { own: gatedBackward, ownGated: true }),
      });
    }
  }

  async dispose(): Promise<void> {}
}
