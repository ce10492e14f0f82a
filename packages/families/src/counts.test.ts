import { parseSchedule } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { tokenCounts, tokensPerBlock } from './counts.ts';
import { pruningPlan } from './plan.ts';
import { vimSpec } from './vim/spec.ts';

const plan = pruningPlan({ schedule: parseSchedule('1,3@0.8') });

describe('token counts of a model', () => {
  it('begin with its whole sequence, and follow the family’s rule', () => {
    expect(tokenCounts(vimSpec({ width: 8, depth: 4 }), plan)).toEqual([197, 157, 125]);
  });

  it('block by block: a step takes effect in the block after it', () => {
    expect(tokensPerBlock(vimSpec({ width: 8, depth: 4 }), plan)).toEqual([197, 157, 157, 125]);
  });
});
