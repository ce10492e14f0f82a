import { describe, expect, it } from 'vitest';
import { completePlan } from './plan.ts';
import { planName } from './plan-name.ts';
import { parseSchedule } from './schedule.ts';
import { everyPlan, pruneAlike } from './test-support/every-plan.ts';

describe('names of plans', () => {
  it.each([
    [{}, '2,4,6@0.7, gated clip, decay, positional'],
    [{ alignment: 'none' }, '2,4,6@0.7, gated clip, none, compact'],
    [{ alignment: 'none', tokenOrder: 'recentred' }, '2,4,6@0.7, gated clip, none, compact, recentred'],
    [{ alignment: 'none', order: 'mirrored' }, '2,4,6@0.7, gated clip, none, compact, mirrored'],
    [
      { alignment: 'none', countClassToken: true },
      '2,4,6@0.7, gated clip, none, compact, class token counted',
    ],
    [{ signal: 'random', seed: 3 }, '2,4,6@0.7, random seed 3, decay, positional'],
    [{ signal: 'evit', alignment: 'mask' }, '2,4,6@0.7, evit, mask'],
    [{ operation: 'merge' }, '2,4,6@0.7, gated clip, merge by hidden, decay, positional'],
    [
      { signal: 'tome', metric: 'B', alignment: 'none', tokenOrder: 'proportional' },
      '2,4,6@0.7, tome, merge by B, none, compact, proportional',
    ],
    [{ signal: 'tome', operation: 'drop', alignment: 'mask' }, '2,4,6@0.7, tome, drop by hidden, mask'],
    [{ signal: 'utr' }, '2,4,6@0.7, utr, half by hidden, decay, positional'],
    [
      { rule: { name: 'mine', sha256: `${'0123456789'.repeat(6)}0123` } },
      '2,4,6@0.7, rule mine (01234567), decay, positional',
    ],
  ] as const)('%o: %s', (options, name) => {
    expect(planName(completePlan({ schedule: parseSchedule('2,4,6@0.7'), ...options }))).toBe(name);
  });

  it('are equal exactly where plans prune alike', () => {
    const dense = completePlan({ schedule: [] });
    const plans = [...everyPlan('1@0.5'), ...everyPlan('1@0.7'), dense, { ...dense, seed: 4 }];
    expect(plans.length).toBeGreaterThan(500);
    const names = new Set(plans.map(planName));
    const pairs = new Set(plans.map((plan) => JSON.stringify([planName(plan), pruneAlike(plan)])));
    expect(names.size).toBe(new Set(plans.map(pruneAlike)).size);
    expect(pairs.size).toBe(names.size);
  });
});
