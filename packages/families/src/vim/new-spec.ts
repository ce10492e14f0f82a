/** A new Vim for the training engine. */
import { UserError } from '@vssm/core';
import type { NewShape } from '../family.ts';
import { type VimSpec, vimSpec } from './spec.ts';

export function newVimSpec({ stride, stemWidth, stemConvs, ...shape }: NewShape): VimSpec {
  if (stemWidth !== undefined || stemConvs !== undefined) {
    throw new UserError(`stem ${stemWidth ?? stemConvs}: a Vim has none, its patches are projected at once`);
  }
  return vimSpec({ ...shape, stride: stride ?? shape.patchSize });
}
