import { reductions, signals } from '@vssm/core';
import { plainMambaSpec, pruningPlan, randomWeights, vimSpec } from '@vssm/families';
import { kernelImplementation } from '@vssm/kernels';
import { describe, expect, it } from 'vitest';
import { SegmentEngine } from './engine.ts';
import { shareChannels } from './split-mixer.ts';

describe('shares of the channels', () => {
  it.each([
    [768, 2, [384, 384]],
    [384, 2, [192, 192]],
    [768, 3, [256, 256, 256]],
    [160, 2, [64, 96]],
    [96, 4, [96]],
    [896, 4, [256, 192, 256, 192]],
  ])('%i over %i threads', (channels, threads, counts) => {
    const shares = shareChannels(channels, threads);
    expect(shares.map(({ count }) => count)).toEqual(counts);
    let next = 0;
    for (const { first, count } of shares) {
      expect(first).toBe(next);
      next += count;
    }
    expect(next).toBe(channels);
  });
});

const shape = {
  width: 104, // E = 208: shares of 64, 64 and 80
  depth: 3,
  imageHeight: 20,
  imageWidth: 20,
  inChannels: 1,
  patchSize: 4,
  stateSize: 8,
  classes: 4,
};
const schedule = [{ after: 1, keep: 0.6 }];
const native = (await kernelImplementation('auto')) === 'native';
const kernels = native ? (['wasm', 'native'] as const) : (['wasm'] as const);
const families = [
  { spec: vimSpec({ ...shape, stride: 4 }), ownSignals: signals.filter((signal) => signal !== 'storm') },
  {
    spec: plainMambaSpec({ ...shape, stemConvs: 1, stemWidth: 8, depthwiseLayers: [0] }),
    ownSignals: signals.filter((signal) => signal !== 'gated-backward' && signal !== 'storm'),
  },
];

describe.each(families)('one image over three threads, $spec.family', ({ spec, ownSignals }) => {
  const weights = randomWeights(spec, 2);
  const pixels = Float32Array.from({ length: 2 * 400 }, (_, i) => Math.sin(i * 0.37) * 2);
  const plans = [
    ...ownSignals.map((signal) => pruningPlan({ schedule, signal }, spec.family)),
    ...reductions.map((reduce) => pruningPlan({ schedule, reduce, alignment: 'none' }, spec.family)),
    pruningPlan({ schedule, alignment: 'mask' }, spec.family),
    // 5x5 to 4x4, which the partners must know too.
    ...(spec.family === 'plainmamba'
      ? [pruningPlan({ schedule: [{ after: 1, keep: 16 / 25 }], signal: 'storm' }, spec.family)]
      : []),
  ];

  const cases = kernels.flatMap((own) =>
    // Native kernels know no rule: a few plans are enough.
    plans
      .filter((_, i) => own === 'wasm' || i % 4 === 0)
      .map((plan) => [`${own}, ${plan.signal} ${plan.reduce} ${plan.alignment}`, plan, own] as const),
  );

  it.each(cases)('equals one thread: %s', async (_, plan, own) => {
    const samples = [5, 8];
    const alone = await SegmentEngine.create(spec, weights, plan, 1, { kernels: own });
    const split = await SegmentEngine.create(spec, weights, plan, 3, { splitImages: true, kernels: own });
    const expected = await alone.run({ pixels, samples });
    const actual = await split.run({ pixels, samples });
    await alone.dispose();
    await split.dispose();
    expect([...actual.kept.get(1)!]).toEqual([...expected.kept.get(1)!]);
    // Products may be summed in another order with more threads: float32 rounding of logits around 1.
    for (const [i, logit] of expected.logits.entries()) expect(actual.logits[i]).toBeCloseTo(logit, 5);
  });
});
