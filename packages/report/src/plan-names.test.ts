import {
  alignments,
  builtInRules,
  convModes,
  type PruningPlan,
  reductions,
  ruleName,
  type Signal,
  scoreOrders,
  signals,
  tokenOrders,
} from '@vssm/core';
import { pruningPlan } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { keepName, method, type Plan, planName, variantNamer } from './plan-names.ts';

const plan = (options: Partial<PruningPlan> = {}) =>
  pruningPlan({ schedule: [{ after: 2, keep: 0.7 }], ...options }) as unknown as Plan;

const naive = { alignment: 'none', conv: 'compact' } as const;

describe('plan names', () => {
  it.each([
    [plan({ schedule: [] }), 'dense', 'dense'],
    [plan(), 'top', 'ToP'],
    [plan({ signal: 'evit', ...naive }), 'evit', 'EViT rule'],
    [plan({ signal: 'evit' }), 'other', 'EViT rule, decay + positional'],
    [plan({ signal: 'random', ...naive }), 'random', 'random'],
    [plan({ reduce: 'l1' }), 'other', 'l1 norm, decay + positional'],
    [plan({ alignment: 'mask', countClassToken: true }), 'other', 'clipped sum, mask, class token counted'],
    [
      plan({ signal: 'gated-backward', reduce: 'sum', order: 'mirrored', tokenOrder: 'recentred', ...naive }),
      'released',
      'released code',
    ],
    [
      plan({ rule: { name: 'mean-delta', sha256: '0'.repeat(64) } }),
      'other',
      'mean-delta (00000000), decay + positional',
    ],
    [plan({ ...naive, tokenOrder: 'recentred' }), 'other', 'clipped sum, none + compact, recentred'],
    [plan({ operation: 'merge' }), 'other', 'clipped sum, merge by hidden, decay + positional'],
    [
      plan({ signal: 'tome', ...naive, tokenOrder: 'proportional' }),
      'other',
      'ordered ToMe, merge by hidden (as published), none + compact, proportional',
    ],
    [plan({ signal: 'delta' }), 'other', 'Δ score (our reading), decay + positional'],
    [plan({ signal: 'class-contribution' }), 'other', 'class contribution (ours), decay + positional'],
  ])('%#: %o', (of, kind, name) => {
    expect(method(of)).toBe(kind);
    expect(planName(of)).toBe(name);
  });

  it('are by what the model’s convolution sees when nothing is aligned', () => {
    const unaligned = pruningPlan(
      { schedule: [{ after: 2, keep: 0.7 }], signal: 'evit', alignment: 'none' },
      'plainmamba',
    ) as unknown as Plan;
    const [grid, sequence] = [{ spec: { family: 'plainmamba' } }, { spec: { family: 'vim' } }] as const;
    expect([method(unaligned, grid), planName(unaligned, grid)]).toEqual(['evit', 'EViT rule']);
    expect(method(unaligned, { backbone: grid.spec })).toBe('evit');
    expect(planName(unaligned, sequence)).toBe('EViT rule, none + positional');
    const compact = plan({ signal: 'evit', ...naive });
    expect([method(compact, sequence), method(compact, grid)]).toEqual(['evit', 'other']);
  });

  it('say only what differs within an experiment', () => {
    const importance = [plan(), plan({ reduce: 'l1' })];
    expect(importance.map(variantNamer(importance))).toEqual(['clipped sum', 'l1 norm']);
    const alignment = [plan(), plan(naive), plan({ alignment: 'mask' })];
    expect(alignment.map(variantNamer(alignment))).toEqual(['decay + positional', 'none + compact', 'mask']);
  });

  it('tell any two plans apart that prune differently, as the names on the command line do', () => {
    const choices = {
      signal: signals,
      reduce: reductions,
      order: scoreOrders,
      alignment: alignments,
      conv: convModes,
      tokenOrder: tokenOrders,
      countClassToken: [false, true],
      seed: [0, 3],
      operation: [undefined, 'merge', 'half'],
      metric: [undefined, 'B'],
    };
    let options: Partial<PruningPlan>[] = [{}];
    for (const [name, values] of Object.entries(choices)) {
      options = options.flatMap((own) => values.map((value) => ({ ...own, [name]: value })));
    }
    const all = options
      .filter(({ alignment, conv }) => !(alignment === 'mask' && conv === 'compact'))
      .filter((own) => own.tokenOrder === 'original' || (own.alignment === 'none' && own.conv === 'compact'))
      .filter((own) => own.metric === undefined || own.operation !== undefined)
      .filter(
        ({ signal, reduce, order }) =>
          builtInRules[signal as Signal].reduced || (reduce === 'clip' && order === 'aligned'),
      )
      .filter(
        ({ signal, alignment, conv, tokenOrder, operation, metric }) =>
          signal !== 'storm' ||
          (alignment === 'none' &&
            conv === 'compact' &&
            tokenOrder === 'original' &&
            operation !== 'half' &&
            metric === undefined),
      )
      .map(plan);
    const pairs = new Set(all.map((own) => `${planName(own)} = ${ruleName(own)}`));
    expect(new Set(all.map((own) => planName(own))).size).toBe(pairs.size);
    expect(new Set(all.map(ruleName)).size).toBe(pairs.size);
  });

  it('give one keep ratio, or the schedule where it varies', () => {
    expect(keepName(plan(), '2@0.7')).toBe('keep 0.7');
    const mixed = plan({
      schedule: [
        { after: 2, keep: 0.7 },
        { after: 4, keep: 0.5 },
      ],
    });
    expect(keepName(mixed, '2@0.7;4@0.5')).toBe('2@0.7;4@0.5');
  });
});
