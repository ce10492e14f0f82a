import { type Alignment, parseSchedule } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { modelFlops } from '../flops.ts';
import { pruningPlan } from '../plan.ts';
import { type VimModelName, vimModels, vimSpec } from './spec.ts';

const plan = (schedule: string, alignment: Alignment) =>
  pruningPlan({ schedule: schedule === '' ? [] : parseSchedule(schedule), alignment });

describe('paper profile', () => {
  // The values the paper publishes, as far as they are known, and those of the authors' own logged schedules.
  it.each<[VimModelName, string, Alignment, string]>([
    ['vim-tiny', '', 'none', '1.449'],
    ['vim-tiny', '10@0.8', 'none', '1.281'],
    ['vim-tiny', '10@0.8', 'decay', '1.288'],
    ['vim-small', '', 'none', '5.077'],
    ['vim-small', '5,10,15@0.8', 'none', '3.565'],
    ['vim-small', '5,10,15@0.8', 'decay', '3.600'],
    ['vim-tiny', '10,20@0.8', 'none', '1.242'],
    ['vim-small', '5,15@0.8', 'none', '3.964'],
    ['vim-small', '5,15@0.75', 'none', '3.724'],
    ['vim-small', '5,15@0.7', 'none', '3.506'],
  ])('%s %s %s: %s GFLOPs', (model, schedule, alignment, gflops) => {
    const { total } = modelFlops(vimModels[model], plan(schedule, alignment), 'paper');
    expect((total / 1e9).toFixed(3)).toBe(gflops);
  });

  it('charges a masked model its full length', () => {
    const dense = modelFlops(vimModels['vim-small'], plan('', 'none'), 'paper').total;
    expect(modelFlops(vimModels['vim-small'], plan('5@0.5', 'mask'), 'paper').total).toBe(dense);
  });

  it('is not changed by the alignment of a dense model', () => {
    const dense = (alignment: Alignment) =>
      modelFlops(vimModels['vim-tiny'], plan('', alignment), 'paper').total;
    expect(dense('decay')).toBe(dense('none'));
  });
});

describe('strict profile', () => {
  it('adds up by hand for one small block', () => {
    // d = 2, E = 4, r = 1, N = 1, taps 4; 2x2 image of one channel, patch 1: 4 patches, 5 tokens; 3 classes
    const spec = vimSpec({
      width: 2,
      depth: 1,
      imageHeight: 2,
      imageWidth: 2,
      inChannels: 1,
      patchSize: 1,
      stride: 1,
      stateSize: 1,
      classes: 3,
    });
    const { patchEmbed, blocks, head, total } = modelFlops(spec, plan('', 'none'), 'strict');
    expect(patchEmbed).toBe(2 * (4 * 1 * 2) + 4 * 2 + 5 * 2);
    const norm = 4 * 5 * 2;
    const projections = 2 * 5 * 2 * 8 + 2 * 5 * 4 * 2;
    const direction = 8 * 20 + 20 + (2 * 20 * 3 + 2 * 5 * 4) + 2 * 20 + (7 * 20 + 3 * 20) + 20;
    expect(blocks[0].block).toBe(norm + projections + 20 + 2 * 20 + 2 * direction);
    expect(head).toBe(2 + 8 + 2 * 2 * 3 + 3);
    expect(total).toBe(patchEmbed + blocks[0].block + head);
  });

  it('counts the pruning step and the alignment', () => {
    const spec = vimModels['vim-tiny'];
    const none = modelFlops(spec, plan('10@0.8', 'none'), 'strict');
    const decay = modelFlops(spec, plan('10@0.8', 'decay'), 'strict');
    expect(none.blocks[9].pruning).toBe(2 * 197 * 384 + 197 * 8 + 2 * 157 * 192);
    expect(decay.blocks[9].block).toBe(none.blocks[9].block);
    expect(decay.blocks[10].block - none.blocks[10].block).toBe(2 * 2 * 157 * 384);
    expect(decay.tokens).toEqual([197, 157]);
  });
});
