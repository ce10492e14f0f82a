/** What the conformance suite runs of each family. */
import type { ModelFamily, SpecOf } from '@vssm/families';
import type { GoldenCase } from './case.ts';
import { mambaRegGoldenCases, mambaRegOddShape } from './mambareg.ts';
import { plainMambaGoldenCases, plainMambaOddShape } from './plainmamba.ts';
import { videoMambaGoldenCases, videoMambaOddShape } from './videomamba.ts';
import { vimGoldenCases, vimOddShape } from './vim.ts';

export interface FamilyTests<Spec> {
  /** Model requests with their expected answers, which every backend must reproduce; the first is dense. */
  golden(): Promise<readonly GoldenCase[]>;
  /** A rectangular grid, odd sides, few channels: whatever of the family's shapes is easily got wrong. */
  readonly oddShape: Spec;
  /** The family whose blocks these are, where the difference lies before and after them. */
  readonly blocksOf?: ModelFamily;
}

export const familyTests = {
  vim: { golden: vimGoldenCases, oddShape: vimOddShape },
  plainmamba: { golden: plainMambaGoldenCases, oddShape: plainMambaOddShape },
  videomamba: { golden: videoMambaGoldenCases, oddShape: videoMambaOddShape, blocksOf: 'vim' },
  mambareg: { golden: mambaRegGoldenCases, oddShape: mambaRegOddShape, blocksOf: 'vim' },
} satisfies { [F in ModelFamily]: FamilyTests<SpecOf<F>> };
