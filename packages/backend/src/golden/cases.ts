/** Golden cases by family: model requests with their expected answers, which every backend must reproduce. */
import type { ModelFamily } from '@vssm/families';
import type { GoldenCase } from './case.ts';
import { plainMambaGoldenCases } from './plainmamba.ts';
import { vimGoldenCases } from './vim.ts';

/** Every case of a family; the first is dense. */
export function goldenCases(family: ModelFamily): Promise<readonly GoldenCase[]> {
  switch (family) {
    case 'vim':
      return vimGoldenCases();
    case 'plainmamba':
      return plainMambaGoldenCases();
    default:
      throw family satisfies never;
  }
}
