import type { PruningPlan } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { plainMambaModels } from './plainmamba/spec.ts';
import { checkPlan, densePlan, pruningPlan } from './plan.ts';
import { vimModels } from './vim/spec.ts';

const schedule = [{ after: 5, keep: 0.8 }];
const three = 'Vim, VideoMamba and Mamba-Reg';
/** What PlainMamba lacks, and who has it. */
const lacking: [Partial<PruningPlan>, string, string][] = [
  [{ order: 'mirrored' }, 'score order "mirrored"', three],
  [{ signal: 'gated-backward' }, 'signal "gated-backward"', three],
  [{ alignment: 'none', conv: 'compact' }, 'convolution "compact"', three],
  [
    { alignment: 'none', conv: 'compact', tokenOrder: 'recentred' },
    'token order "recentred"',
    'Vim and VideoMamba',
  ],
  [{ countClassToken: true }, 'counting the class token', 'Vim'],
];

describe('plans and families', () => {
  it('the convolution defaults to what each family has', () => {
    expect(pruningPlan({ schedule, alignment: 'none' }).conv).toBe('compact');
    expect(pruningPlan({ schedule, alignment: 'none' }, 'plainmamba').conv).toBe('positional');
    expect(pruningPlan({ schedule }, 'plainmamba')).toEqual(pruningPlan({ schedule }, 'vim'));
  });

  it.each(lacking)('%j is not for PlainMamba', (options, what, having) => {
    const message = `${what} exists for ${having} only, not for PlainMamba`;
    expect(() => pruningPlan({ schedule, ...options }, 'plainmamba')).toThrow(message);
    const plan = pruningPlan({ schedule, ...options });
    expect(() => checkPlan(plainMambaModels['plainmamba-l1'], plan)).toThrow(message);
    expect(() => checkPlan(vimModels['vim-tiny'], plan)).not.toThrow();
  });

  it('a dense plan fits both', () => {
    for (const spec of [vimModels['vim-tiny'], plainMambaModels['plainmamba-l1']]) {
      expect(() => checkPlan(spec, densePlan)).not.toThrow();
      expect(() => checkPlan(spec, pruningPlan({ schedule: [], alignment: 'none' }))).not.toThrow();
    }
  });

  it('refuses a block that the model lacks', () => {
    const plan = pruningPlan({ schedule: [{ after: 30, keep: 0.8 }] }, 'plainmamba');
    expect(() => checkPlan(plainMambaModels['plainmamba-l2'], plan)).toThrow('the model has 24 blocks');
    expect(() => checkPlan(plainMambaModels['plainmamba-l3'], plan)).not.toThrow();
  });

  it.each<[Partial<PruningPlan>, string]>([
    [{ tokenOrder: 'recentred' }, 'goes with alignment "none"'],
    [{ alignment: 'mask', conv: 'compact' }, 'implies convolution "positional"'],
    [{ seed: -1 }, 'seed -1'],
    [{ signal: 'evit', reduce: 'l2' }, 'rule "evit" reduces no signal’s channels: reduction "l2"'],
    [{ signal: 'random', order: 'mirrored' }, 'order "mirrored" does not apply to it'],
  ])('refuses %j', (options, problem) => {
    expect(() => pruningPlan({ schedule, ...options })).toThrow(problem);
  });
});
