/** The families' files. */
import type { FamilyCheckpoint } from '../family.ts';
import { plainMambaCheckpoint } from '../plainmamba/checkpoint/index.ts';
import type { ModelFamily, SpecOf } from '../table.ts';
import { vimCheckpoint } from '../vim/checkpoint/index.ts';

export const familyCheckpoints = {
  vim: vimCheckpoint,
  plainmamba: plainMambaCheckpoint,
} satisfies { [F in ModelFamily]: FamilyCheckpoint<SpecOf<F>> };
