import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { loadRule } from '@vssm/core/rule-file';
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
    await pool.lanes.links[0].kill();
    const prediction = await running;
    expect(prediction.failed).toBeUndefined();
    check(prediction);
  });

  it('answers two runs at once, each with its own', async () => {
    const half = images / 2;
    const first = { pixels: pixels.subarray(0, half * 256), size: half, samples: samples.slice(0, half) };
    const [whole, part] = await Promise.all([pool.run({ pixels, size: images, samples }), pool.run(first)]);
    check(whole);
    const alone = await pool.run(first);
    expect(part).toEqual(alone);
  });

  it('refuses pixels that do not fit', async () => {
    await expect(pool.run({ pixels: pixels.subarray(1), size: images, samples })).rejects.toThrow('17919');
  });
});

describe('a rule file in worker threads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vssm-pool-rule-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const loaded = async (name: string, score: string) => {
    const file = join(folder, `${name}.ts`);
    writeFileSync(file, `export default { name: '${name}', signals: ['gated'], score: ${score} };`);
    const { sha256 } = await loadRule(file);
    const schedule = [{ after: 2, keep: 0.5 }];
    return { file, plan: pruningPlan({ schedule, rule: { name, sha256 } }, spec.family) };
  };
  const one = { pixels: pixels.subarray(0, 256), size: 1, samples: [31] };

  it('ranks as the same rule built in', async () => {
    const clip =
      '({ length, channels, gated }) => Array.from({ length }, (_, t) => gated.subarray(t * channels, (t + 1) * channels).reduce((sum, v) => sum + Math.max(0, v), 0))';
    const answers = [];
    for (const own of [
      (await loaded('clip-copy', clip)).plan,
      pruningPlan({ schedule: [{ after: 2, keep: 0.5 }] }),
    ]) {
      const pool = await loadPool({ spec, plan: own, weights }, 2);
      answers.push(await pool.run({ pixels, size: images, samples }));
      await pool.dispose();
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  it('that fails says which file, after which block, on which image, as an error for users', async () => {
    const { file, plan: own } = await loaded('too-short', '() => [1, 2]');
    const pool = await loadPool({ spec, plan: own, weights }, 1);
    const running = pool.run(one);
    await expect(running).rejects.toThrow(UserError);
    await expect(running).rejects.toThrow(
      `rule ${file}, after block 2, image 31: score() returned 2 scores for 17 tokens`,
    );
    await pool.dispose();
  });

  it('is the file that the plan means, or none', async () => {
    const { file, plan: own } = await loaded('edited', '({ length }) => new Array(length).fill(0)');
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n`);
    const loading = loadPool({ spec, plan: own, weights }, 1);
    await expect(loading).rejects.toThrow(UserError);
    await expect(loading).rejects.toThrow(`rule ${file} has changed since the run began`);
  });
});
