import { plainMambaSpec, pruningPlan, randomWeights, vimSpec } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { SegmentEngine } from './engine.ts';

const shape = {
  width: 16,
  depth: 2,
  imageHeight: 16,
  imageWidth: 16,
  inChannels: 1,
  patchSize: 4,
  stateSize: 4,
  classes: 3,
};
const plain = plainMambaSpec({ ...shape, stemConvs: 1, stemWidth: 8 });
const firstBlock = ['embed 0', 'convolution 0', 'projections 0', 'scan 0', 'pruning 0', 'inter-scan 0'];
const secondBlock = ['convolution 1', 'projections 1', 'scan 1', 'head 1'];

describe('the stopwatch of a run', () => {
  it.each([
    ['Vim', vimSpec({ ...shape, stride: 4 })],
    ['PlainMamba', plain],
    ['PlainMamba whose first layer ends in a convolution', { ...plain, depthwiseLayers: [0] }],
    ['PlainMamba whose last layer does', { ...plain, depthwiseLayers: [1] }],
  ])('is told every part of every block once, and no time twice: %s', async (_, spec) => {
    const plan = pruningPlan({ schedule: [{ after: 1, keep: 0.5 }] }, spec.family);
    const engine = await SegmentEngine.create(spec, randomWeights(spec), plan, 1);
    const told: string[] = [];
    let sum = 0;
    const started = performance.now();
    await engine.run({ pixels: new Float32Array(256).fill(1), samples: [0] }, (part, block, ms) => {
      told.push(`${part} ${block}`);
      expect(ms).toBeGreaterThanOrEqual(0);
      sum += ms;
    });
    const all = performance.now() - started;
    await engine.dispose();
    expect(told).toEqual([...firstBlock, ...secondBlock]);
    expect(sum).toBeLessThanOrEqual(all);
  });
});
