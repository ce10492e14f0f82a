/** The families' files. */
import type { FamilyCheckpoint } from '../family.ts';
import { mambaRegCheckpoint } from '../mambareg/checkpoint.ts';
import { plainMambaCheckpoint } from '../plainmamba/checkpoint/index.ts';
import type { ModelFamily, SpecOf } from '../table.ts';
import { videoMambaCheckpoint } from '../videomamba/checkpoint.ts';
import { vimCheckpoint } from '../vim/checkpoint/index.ts';

export const familyCheckpoints = {
  vim: vimCheckpoint,
  plainmamba: plainMambaCheckpoint,
  videomamba: videoMambaCheckpoint,
  mambareg: mambaRegCheckpoint,
} satisfies { [F in ModelFamily]: FamilyCheckpoint<SpecOf<F>> };
