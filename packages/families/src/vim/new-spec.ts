/** A new Vim for the training engine, and what a new model of any family of its blocks is made from. */
import { UserError } from '@vssm/core';
import type { NewShape } from '../family.ts';
import { type VimSpec, vimSpec } from './spec.ts';

export function newVimSpec(shape: NewShape): VimSpec {
  return vimSpec(withClassToken('a Vim', shape));
}

/**
 * The shape of a model with one class token.
 *
 * @param title with its article: `a Vim`
 * @throws UserError for what only other families have
 */
export function withClassToken(title: string, shape: NewShape): Parameters<typeof vimSpec>[0] {
  const { registers, reduction, ...rest } = withoutStem(title, shape);
  if (registers !== undefined || reduction !== undefined) {
    const [what, value] = registers === undefined ? ['reduction', reduction] : ['registers', registers];
    throw new UserError(`${what} ${value}: ${title} has neither registers nor a neck, but a class token`);
  }
  return { ...rest, stride: rest.stride ?? rest.patchSize };
}

/** @throws UserError for a stem */
export function withoutStem(
  title: string,
  { stemWidth, stemConvs, ...shape }: NewShape,
): Omit<NewShape, 'stemWidth' | 'stemConvs'> {
  if (stemWidth !== undefined || stemConvs !== undefined) {
    throw new UserError(
      `stem ${stemWidth ?? stemConvs}: ${title} has none, its patches are projected at once`,
    );
  }
  return shape;
}
