/** FLOPs of the families that are made of Vim's blocks, beside Vim's own (vim/flops.test.ts). */
import { describe, expect, it } from 'vitest';
import { modelFlops } from '../flops.ts';
import { mambaRegModels } from '../mambareg/spec.ts';
import { models } from '../model.ts';
import { densePlan, pruningPlan } from '../plan.ts';
import type { ModelName } from '../table.ts';
import { vimModels } from '../vim/spec.ts';
import { videoMambaModels } from './spec.ts';

describe('the paper profile', () => {
  // By a program of its own from the formulas of docs/method.md; no published value is counted like this.
  it.each<[ModelName, number]>([
    ['videomamba-tiny', 1_448_965_632],
    ['videomamba-small', 5_076_593_664],
    ['videomamba-middle', 14_481_418_752],
    ['videomamba-base', 18_867_836_928],
    ['mambareg-tiny', 1_530_353_664],
    ['mambareg-small', 5_359_601_664],
    ['mambareg-base', 19_918_153_728],
    ['mambareg-large', 70_641_860_608],
  ])('of %s', (name, flops) => {
    expect(modelFlops(models[name], densePlan, 'paper').total).toBe(flops);
  });
});

describe('the strict profile', () => {
  it('spares VideoMamba the halving of the sum, and counts everything else as Vim’s', () => {
    const vim = modelFlops(vimModels['vim-small'], densePlan, 'strict');
    const own = modelFlops(videoMambaModels['videomamba-small'], densePlan, 'strict');
    expect(vim.total - own.total).toBe(24 * 197 * 768);
  });

  it('counts Mamba-Reg’s head: norm of each register, neck, norm over all, classifier', () => {
    const { head } = modelFlops(mambaRegModels['mambareg-base'], densePlan, 'strict');
    expect(head).toBe(12 * 5 * 768 + 2 * 12 * 768 * 192 + 4 * 2304 + 2 * 2304 * 1000 + 1000);
    const tiny = modelFlops(mambaRegModels['mambareg-tiny'], densePlan, 'strict');
    expect(tiny.head).toBe(12 * 5 * 192 + 2 * 2304 * 1000 + 1000);
  });

  it('counts a block by the tokens that enter it, registers among them', () => {
    const plan = pruningPlan({ schedule: [{ after: 5, keep: 0.8 }] }, 'mambareg');
    const { blocks, tokens } = modelFlops(mambaRegModels['mambareg-small'], plan, 'strict');
    expect(tokens).toEqual([208, 12 + 157]);
    expect([blocks[4].tokens, blocks[5].tokens]).toEqual([208, 169]);
  });
});
