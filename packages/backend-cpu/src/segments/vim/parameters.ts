/** What the kernels need of a Vim's weights, laid out once in the kernels' memory. */
import type { Direction, Weights } from '@vssm/core';
import { type BidirectionalModel, directionParameterNames } from '@vssm/families';
import type { Arena } from '@vssm/kernels';

/** Byte offsets into the memory, all channels. */
export interface DirectionParameters {
  /** [E, taps] */
  readonly taps: number;
  /** [E] */
  readonly convBias: number;
  /** [E] */
  readonly deltaBias: number;
  /** [E, N], negative */
  readonly a: number;
  /** [E] */
  readonly d: number;
}

export type BlockParameters = Readonly<Record<Direction, DirectionParameters>>;

export function placeParameters(
  arena: Arena,
  spec: BidirectionalModel,
  weights: Weights,
): readonly BlockParameters[] {
  const place = (name: string, map: (value: number) => number = (value) => value): number =>
    arena.place(Float32Array.from(weights.get(name)!.data, map)).at;
  const direction = (block: number, which: Direction): DirectionParameters => {
    const names = directionParameterNames[which];
    const prefix = `layers.${block}.mixer`;
    return {
      taps: place(`${prefix}.${names.conv}.weight`),
      convBias: place(`${prefix}.${names.conv}.bias`),
      deltaBias: place(`${prefix}.${names.dtProj}.bias`),
      a: place(`${prefix}.${names.aLog}`, (value) => -Math.exp(value)),
      d: place(`${prefix}.${names.d}`),
    };
  };
  return Array.from({ length: spec.depth }, (_, block) => ({
    forward: direction(block, 'forward'),
    backward: direction(block, 'backward'),
  }));
}
