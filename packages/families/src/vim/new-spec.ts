/** A new Vim for the training engine, and what a new model of any family of its blocks is made from. */
import { UserError } from '@vssm/core';
import type { NewShape } from '../family.ts';
import { type VimSpec, vimSpec } from './spec.ts';

export function newVimSpec(shape: NewShape): VimSpec {
  return vimSpec(newBidirectionalShape('Vim', shape));
}

/** @throws UserError for what only other families have */
export function newBidirectionalShape(
  title: string,
  { stride, stemWidth, stemConvs, ...shape }: NewShape,
): Parameters<typeof vimSpec>[0] {
  if (stemWidth !== undefined || stemConvs !== undefined) {
    throw new UserError(
      `stem ${stemWidth ?? stemConvs}: a ${title} has none, its patches are projected at once`,
    );
  }
  return { ...shape, stride: stride ?? shape.patchSize };
}
