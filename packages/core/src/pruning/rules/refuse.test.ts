import { describe, expect, it } from 'vitest';
import { UserError } from '../../errors.ts';
import { completePlan, type PruningPlan } from '../plan.ts';
import { signals } from './built-in.ts';
import { rankingRules, refuseAllButRanking, refusePairing } from './refuse.ts';

const planOf = (options: Partial<PruningPlan>) =>
  completePlan({ schedule: [{ after: 1, keep: 0.5 }], ...options });

describe('what an execution lacks', () => {
  it('is named: a rule that pairs, or one that merges', () => {
    const attempt = () => refusePairing(planOf({ signal: 'tome' }), 'vssm detect');
    expect(attempt).toThrow(UserError);
    expect(attempt).toThrow(
      'vssm detect ranks tokens and drops them: it cannot run rule "tome" with operation "merge"',
    );
    expect(() => refusePairing(planOf({ operation: 'half' }), 'it')).toThrow(
      'rule "gated-clip" with operation "half"',
    );
    expect(() => refusePairing(planOf({ signal: 'tome', operation: 'drop' }), 'it')).toThrow(
      'operation "drop"',
    );
    for (const signal of ['gated', 'delta', 'class-contribution'] as const)
      refusePairing(planOf({ signal }), 'it');
  });

  it('is named: all but the rules that rank by one signal', () => {
    for (const signal of signals) {
      const attempt = () => refuseAllButRanking(planOf({ signal }), 'WebGPU');
      if (rankingRules.some((name) => name === signal)) expect(attempt).not.toThrow();
      else expect(attempt).toThrow(/^WebGPU (has no|ranks)/);
    }
    expect(() => refuseAllButRanking(planOf({ signal: 'delta' }), 'WebGPU')).toThrow(
      'WebGPU has no rule "delta": it runs with --backend reference',
    );
  });

  it('is named: the class token’s place in proportion', () => {
    const naive = { alignment: 'none', conv: 'compact' } as const;
    const attempt = () => refuseAllButRanking(planOf({ ...naive, tokenOrder: 'proportional' }), 'WebGPU');
    expect(attempt).toThrow('WebGPU has no token order "proportional"');
    refuseAllButRanking(planOf({ ...naive, tokenOrder: 'recentred' }), 'WebGPU');
  });

  it('does not matter where nothing is pruned', () => {
    refuseAllButRanking(completePlan({ schedule: [], signal: 'tome' }), 'WebGPU');
  });
});
