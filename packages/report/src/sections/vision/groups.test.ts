import { pruningPlan } from '@vssm/families';
import { expect, it } from 'vitest';
import { visionPlanName } from './groups.ts';

it('the EViT rule has its name on the backbone of either family', () => {
  const schedule = [{ after: 2, keep: 0.5 }];
  const weights = { from: 'random', seed: 0 } as const;
  for (const family of ['vim', 'plainmamba'] as const) {
    const plan = pruningPlan({ schedule, signal: 'evit', alignment: 'none' }, family);
    const written = { ...plan, schedule };
    const model = { name: 'made up', kind: 'upernet', params: 1, weights, backbone: { family } } as const;
    expect(visionPlanName({ plan: written, model })).toBe('EViT rule');
    const { backbone: _, ...older } = model;
    const named = visionPlanName({ plan: written, model: older });
    expect(named === 'EViT rule').toBe(family === 'vim');
  }
});
