/** A new Mamba-Reg for the training engine. */
import { UserError } from '@vssm/core';
import type { NewShape } from '../family.ts';
import { withoutStem } from '../vim/new-spec.ts';
import { type MambaRegSpec, mambaRegSpec } from './spec.ts';

/** A third of the smallest published model's: a small model has fewer patches. */
const usual = { registers: 4, reduction: 1 };

export function newMambaRegSpec(shape: NewShape): MambaRegSpec {
  const { stride, ...rest } = withoutStem('a Mamba-Reg', shape);
  if (stride !== undefined) {
    throw new UserError(`stride ${stride}: a Mamba-Reg has none; its patches never overlap`);
  }
  return mambaRegSpec({ ...usual, ...rest, stride: rest.patchSize });
}
