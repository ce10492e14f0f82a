import { pruningPlan, randomWeights, vimSpec } from '@vssm/families';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SegmentEngine } from './engine.ts';
import { loadPool, type WorkerPool } from './pool.ts';

const spec = vimSpec({
  width: 16,
  depth: 3,
  imageHeight: 16,
  imageWidth: 16,
  inChannels: 1,
  patchSize: 4,
  stride: 4,
  stateSize: 4,
  classes: 3,
});
const plan = pruningPlan({ schedule: [{ after: 2, keep: 0.5 }], signal: 'random', seed: 5 });
const weights = randomWeights(spec, 9);
const images = 70;
const pixels = Float32Array.from({ length: images * 256 }, (_, i) => Math.sin(i * 0.11) * 2);
const samples = Array.from({ length: images }, (_, i) => 3 * i);

describe('worker pool', () => {
  let pool: WorkerPool;
  let expected: Awaited<ReturnType<SegmentEngine['run']>>[];
  beforeAll(async () => {
    pool = await loadPool({ spec, plan, weights }, 2);
    const engine = await SegmentEngine.create(spec, weights, plan, 1);
    expected = [];
    for (let i = 0; i < images; i++) {
      expected.push(
        await engine.run({ pixels: pixels.subarray(i * 256, (i + 1) * 256), samples: [samples[i]] }),
      );
    }
    await engine.dispose();
  });
  afterAll(() => pool.dispose());

  const check = (prediction: Awaited<ReturnType<WorkerPool['run']>>) => {
    const kept = prediction.kept.get(2)!;
    const perImage = kept.length / images;
    for (let i = 0; i < images; i++) {
      expect([...kept.subarray(i * perImage, (i + 1) * perImage)]).toEqual([...expected[i].kept.get(2)!]);
      for (let c = 0; c < 3; c++) {
        // A row's products may be blocked differently in another batch: float32 rounding of logits around 1.
        expect(prediction.logits[i * 3 + c]).toBeCloseTo(expected[i].logits[c], 5);
      }
    }
  };

  it('gives every image its own answer, in order, over several chunks', async () => {
    const prediction = await pool.run({ pixels, size: images, samples });
    expect(prediction.failed).toBeUndefined();
    check(prediction);
  });

  it('loses no image when a worker dies in the middle', async () => {
    const running = pool.run({ pixels, size: images, samples });
    await pool.members[0].kill();
    const prediction = await running;
    expect(prediction.failed).toBeUndefined();
    check(prediction);
  });

  it('refuses pixels that do not fit', async () => {
    await expect(pool.run({ pixels: pixels.subarray(1), size: images, samples })).rejects.toThrow('17919');
  });
});
