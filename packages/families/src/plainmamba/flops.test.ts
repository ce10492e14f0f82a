import { type Alignment, parseSchedule } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { modelFlops, promisedSpeedup } from '../flops.ts';
import { namedModel } from '../model.ts';
import { pruningPlan } from '../plan.ts';
import { plainMambaModels, plainMambaSpec } from './spec.ts';

const plan = (schedule: string, alignment: Alignment = 'none') =>
  pruningPlan({ schedule: schedule === '' ? [] : parseSchedule(schedule), alignment }, 'plainmamba');

describe('paper profile', () => {
  // Upstream publishes 3.0, 8.1 and 14.4; the second decimal is the convention's own.
  it.each([
    ['plainmamba-l1', '3.02', 3.0],
    ['plainmamba-l2', '8.09', 8.1],
    ['plainmamba-l3', '14.45', 14.4],
  ])('%s: %s GFLOPs', (model, gflops, published) => {
    const { total } = modelFlops(namedModel(model), plan(''), 'paper');
    expect((total / 1e9).toFixed(2)).toBe(gflops);
    expect(Math.abs(total / 1e9 - published)).toBeLessThan(0.06);
  });

  it('L3 aligned, pruned after 5, 9, 13, … at keep .8, costs 41.7 % less', () => {
    const spec = plainMambaModels['plainmamba-l3'];
    const dense = modelFlops(spec, plan(''), 'paper').total;
    const pruned = modelFlops(spec, plan('5,9,13,17,21,25,29,33@0.8', 'decay'), 'paper').total;
    expect((100 * (1 - pruned / dense)).toFixed(1)).toBe('41.7');
  });

  it('charges alignment 2·E·N in each of four directions per token gone, in later layers only', () => {
    const spec = plainMambaModels['plainmamba-l1'];
    const none = modelFlops(spec, plan('10@0.8'), 'paper');
    const decay = modelFlops(spec, plan('10@0.8', 'decay'), 'paper');
    expect(decay.tokens).toEqual([196, 157]);
    expect(decay.blocks[9]).toEqual(none.blocks[9]);
    expect(decay.blocks[10].block - none.blocks[10].block).toBe(4 * 2 * 384 * 16 * 39);
    expect(decay.total - none.total).toBe(14 * 4 * 2 * 384 * 16 * 39);
  });

  it('charges a masked model its full length', () => {
    const spec = plainMambaModels['plainmamba-l1'];
    const dense = modelFlops(spec, plan(''), 'paper').total;
    expect(modelFlops(spec, plan('5@0.5', 'mask'), 'paper').total).toBe(dense);
  });
});

describe('by hand', () => {
  // 8x12 pixels of one channel, cells of 4: a stem of 4x6, a grid of 2x3; d = 2, E = 4, r = 1, N = 3, taps 3x3.
  const spec = plainMambaSpec({
    ...{ width: 2, depth: 2, stemWidth: 5, stemConvs: 1, stateSize: 3, convKernel: 3, depthwiseLayers: [1] },
    ...{ imageHeight: 8, imageWidth: 12, inChannels: 1, patchSize: 4, classes: 7 },
  });
  const L = 6;
  const E = 4;

  it('paper profile', () => {
    const { patchEmbed, blocks, head, total } = modelFlops(spec, plan(''), 'paper');
    expect(patchEmbed).toBe(24 * 49 * 5 + 24 * 5 * 5 * 9 + 6 * 4 * 5 * 2 + 2 * (2 * 24 * 5));
    const layer =
      5 * L * 2 +
      2 * L * 2 * E +
      L * E * 2 +
      L * E * (1 + 6) +
      L * E +
      9 * L * E +
      4 * (9 * L * E * 3 + L * E);
    expect(blocks[0].block).toBe(layer);
    expect(blocks[1].block).toBe(layer + 9 * L * 2 + 2 * L * 2);
    expect(head).toBe(5 * L * 2 + 2 * 7);
    expect(total).toBe(patchEmbed + blocks[0].block + blocks[1].block + head);
  });

  it('strict profile', () => {
    const { patchEmbed, blocks, head } = modelFlops(spec, plan(''), 'strict');
    const stem = 24 * 49 * 5 + 24 * 5 * 5 * 9 + 6 * 4 * 5 * 2;
    expect(patchEmbed).toBe(2 * stem + 3 * (2 * 24 * 5) + 2 * L * 2);
    const normAndResidual = 7 * L * 2 + L * 2;
    const projections = 2 * L * 2 * 2 * E + 2 * L * E + 2 * L * E * 2 + L * 2;
    const convolution = 2 * 9 * L * E + L * E;
    const delta = 2 * L * E * (1 + 6) + 2 * L * E + 2 * L * E;
    const scan = L * 3 + 7 * L * E * 3 + 3 * L * E;
    const layer = normAndResidual + projections + convolution + delta + 4 * scan + 3 * L * E + 2 * L * E;
    expect(blocks[0].block).toBe(layer);
    expect(blocks[1].block).toBe(layer + 21 * L * 2);
    expect(head).toBe(7 * L * 2 + L * 2 + 2 + 2 * 2 * 7 + 7);
  });

  it('strict profile counts the pruning step and what the gaps cost', () => {
    const none = modelFlops(spec, plan('1@0.5'), 'strict');
    const decay = modelFlops(spec, plan('1@0.5', 'decay'), 'strict');
    expect(none.tokens).toEqual([6, 3]);
    expect(none.blocks[0].pruning).toBe(2 * L * E + L * 3 + 3 * 2);
    expect(decay.blocks[1].block - none.blocks[1].block).toBe(4 * 2 * 3 * E);
    expect(promisedSpeedup(spec, plan(''), plan('1@0.5', 'decay'))).toBe(
      modelFlops(spec, plan(''), 'strict').total / decay.total,
    );
  });
});
