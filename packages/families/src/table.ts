/** The families. A new one is a line in the union and a line in the table; see family.ts. */
import type { BaseSpec, Family, NewShape } from './family.ts';
import { mambareg } from './mambareg/index.ts';
import { newMambaRegSpec } from './mambareg/new-spec.ts';
import type { MambaRegSpec } from './mambareg/spec.ts';
import { plainmamba } from './plainmamba/index.ts';
import { newPlainMambaSpec } from './plainmamba/new-spec.ts';
import type { PlainMambaSpec } from './plainmamba/spec.ts';
import { videomamba } from './videomamba/index.ts';
import { newVideoMambaSpec } from './videomamba/new-spec.ts';
import type { VideoMambaSpec } from './videomamba/spec.ts';
import { vim } from './vim/index.ts';
import { newVimSpec } from './vim/new-spec.ts';
import type { VimSpec } from './vim/spec.ts';
import type { BidirectionalSpec } from './vim/traits.ts';

export type ModelSpec = VimSpec | PlainMambaSpec | VideoMambaSpec | MambaRegSpec;

export const families = { vim, plainmamba, videomamba, mambareg } satisfies {
  [F in ModelFamily]: Family<SpecOf<F>>;
};

export type ModelFamily = ModelSpec['family'];
export type SpecOf<F extends ModelFamily> = Extract<ModelSpec, { readonly family: F }>;
export type ModelName = { [F in ModelFamily]: keyof (typeof families)[F]['models'] }[ModelFamily] & string;

/** In the order of the table. */
export const modelFamilies = Object.keys(families) as readonly ModelFamily[];

/**
 * A spec's own entry in a table that has one per family.
 *
 * @typeParam Entry the table's interface, for any spec
 */
export function entryOf<Entry>(
  table: Readonly<Record<ModelFamily, unknown>>,
  spec: { readonly family: ModelFamily },
): Entry {
  return table[spec.family] as Entry;
}

export function familyOf<Spec extends ModelSpec>(spec: Pick<Spec, 'family'>): Family<Spec & BaseSpec> {
  return entryOf(families, spec);
}

/** A model of any family that is made of Vim's blocks. */
export type BidirectionalModel = ModelSpec & BidirectionalSpec;

/** A spec that the training engine has gradients for. */
export type TrainableSpec = VimSpec | PlainMambaSpec | VideoMambaSpec | MambaRegSpec;

export type TrainableFamily = TrainableSpec['family'];

const newSpecs = {
  vim: newVimSpec,
  plainmamba: newPlainMambaSpec,
  videomamba: newVideoMambaSpec,
  mambareg: newMambaRegSpec,
} satisfies { [F in TrainableFamily]: (shape: NewShape) => SpecOf<F> };

/** What a new model is where nobody says. */
export const usualFamily: TrainableFamily = 'vim';

/** In the order of the table. */
export const trainableFamilies = Object.keys(newSpecs) as readonly TrainableFamily[];

/** @throws UserError for what the family does not have */
export function newTrainableSpec(family: TrainableFamily, shape: NewShape): TrainableSpec {
  return newSpecs[family](shape);
}
