import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Batch, Classified } from '@vssm/backend';
import { UserError } from '@vssm/core';
import { densePlan, pruningPlan, randomWeights, referenceForward, vimSpec } from '@vssm/families';
import { type ComparisonRecord, readResults } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import type { ExecutionPath } from '../execution-paths.ts';
import { silentProgress } from '../progress.ts';
import { newFolder } from '../test-support/made-up.ts';
import { firstAnswers, parityOf } from './answers.ts';
import { compareBackends, parseBatches } from './compare.ts';
import { choosePaths, type LoadedPath, nameOf } from './competitors.ts';
import { madeUpImages } from './images.ts';
import { keptDifference, ParityCount, tieMargins } from './parity.ts';
import { type ReferenceAnswer, referenceAnswer, type ScoredStep } from './reference-answers.ts';
import { timePaths } from './time-paths.ts';

const spec = vimSpec({
  imageHeight: 8,
  imageWidth: 12,
  inChannels: 1,
  patchSize: 4,
  stride: 4,
  classes: 3,
  width: 8,
  depth: 3,
  stateSize: 4,
});
const weights = randomWeights(spec, 1);
const plan = pruningPlan({
  schedule: [
    { after: 1, keep: 0.7 },
    { after: 2, keep: 0.5 },
  ],
});

describe('the reference', () => {
  it.each(['decay', 'mask'] as const)('comes with the scores behind every choice, %s', async (alignment) => {
    const own = pruningPlan({ ...plan, alignment, conv: 'positional' });
    const image = await madeUpImages(spec, 1).load(0);
    const { logits, steps } = referenceAnswer(spec, weights, own, image, 0);
    expect(logits).toEqual(referenceForward(spec, weights, own, image, 0).logits);
    // 7 tokens; ceil(6 · 0.7) = 5 stay, then ceil(4 · 0.5) = 2 made odd.
    expect(steps.map(({ scores, kept }) => [scores.size, kept.size])).toEqual([
      [7, 5],
      [5, 3],
    ]);
    const classToken = 3;
    for (const { scores, kept } of steps) {
      const lowestKept = Math.min(
        ...[...kept].filter((at) => at !== classToken).map((at) => scores.get(at)!),
      );
      for (const [at, score] of scores) if (!kept.has(at)) expect(score).toBeLessThanOrEqual(lowestKept);
    }
  });
});

const step: ScoredStep = {
  after: 1,
  scores: new Map([
    [0, 4],
    [1, 2],
    [2, 2 - 1e-6],
    [3, -8],
  ]),
  kept: new Set([0, 1]),
};

describe('kept tokens', () => {
  it('that are the same differ in nothing', () => {
    expect(keptDifference(step, new Set([1, 0]))).toBeNull();
  });

  it('differ by a margin: a share of the largest score', () => {
    const near = keptDifference(step, new Set([0, 2]))!;
    expect(near.positions).toBe(1);
    expect(near.margin).toBeCloseTo(1e-6 / 8, 12);
    expect(keptDifference(step, new Set([0, 3]))!.margin).toBeCloseTo(10 / 8, 12);
    expect(keptDifference(step, new Set([2, 3]))).toEqual({ positions: 2, margin: 12 / 8 });
  });

  it('are never a near-tie where a token could not be chosen, or another number stays', () => {
    expect(keptDifference(step, new Set([0, 9]))!.margin).toBeGreaterThan(tieMargins.half);
    expect(keptDifference(step, new Set([0]))!.margin).toBeGreaterThan(tieMargins.half);
  });
});

describe('parity', () => {
  const answer = (logits: number[]): ReferenceAnswer => ({
    logits: Float64Array.from(logits),
    steps: [step, { ...step, after: 2, kept: new Set([0]) }],
  });
  const answered = (logits: number[], first: number[], second: number[]): Classified => ({
    logits: Float32Array.from(logits),
    kept: new Map([
      [1, Int32Array.from(first)],
      [2, Int32Array.from(second)],
    ]),
  });

  it('adds up images, and looks no further than the first step that differs', () => {
    const count = new ParityCount();
    count.add(answered([1, 2, 4], [0, 1], [0]), answer([1, 2, 3]));
    count.add(answered([0.5, 0, 0], [0, 2], [3]), answer([0, 0, 0]));
    const { kept, ...rest } = count.result();
    expect(rest).toEqual({
      images: 2,
      failed: 0,
      maxDifference: 1,
      meanDifference: 1.5 / 6,
      largestLogit: 3,
      sameTop1: 2,
    });
    expect(kept).toMatchObject({ images: 1, ties: 1, positions: 1, total: 6 });
  });

  it('counts a token that was clearly worse as no tie', () => {
    const count = new ParityCount();
    count.add(answered([1, 2, 3], [0, 3], [0]), answer([1, 2, 3]));
    expect(count.result().kept).toMatchObject({ images: 1, ties: 0, largestMargin: 10 / 8 });
  });

  it.each([
    [false, 0],
    [true, 1],
  ])('leaves float16 (%s) a wider margin', (half, ties) => {
    const count = new ParityCount(half);
    const close = { after: 1, kept: new Set([0]), scores: new Map([0, 1].map((at) => [at, 1 - at / 500])) };
    count.add(answered([1, 2, 3], [1], []), { logits: Float64Array.of(1, 2, 3), steps: [close] });
    expect(count.result().kept).toMatchObject({ images: 1, ties });
  });

  it('leaves images without an answer out, and takes no logits that are not finite', async () => {
    const images = madeUpImages(spec, 1);
    const settings = { spec, images, batch: 8, budgetMs: Number.POSITIVE_INFINITY, stopping: () => false };
    const parity = (change: object) => {
      const { throughput } = model(() => {});
      const run = async (batch: Batch) => ({ ...(await throughput.run(batch)), ...change });
      return parityOf({ ...throughput, run }, [answer(Array(spec.classes).fill(0))], settings);
    };
    expect(await parity({ failed: new Map([[0, 'lost']]) })).toMatchObject({ images: 0, failed: 1 });
    await expect(parity({ logits: new Float32Array(spec.classes).fill(Number.NaN) })).rejects.toThrow(
      "image noise 0: the model's logits are not finite",
    );
  });
});

describe('the list of backends', () => {
  it('is every form of every backend but the reference', () => {
    const names = choosePaths(undefined).map(nameOf);
    expect(names).toContain('cpu/segments');
    expect(names).toContain('cuda/whole-linear-attention');
    expect(names.some((name) => name.startsWith('reference'))).toBe(false);
  });

  it('takes backends and single forms', () => {
    expect(choosePaths('wasm, cpu/whole-scan').map(nameOf)).toEqual(['cpu/whole-scan', 'wasm/segments']);
    expect(choosePaths('cpu')).toHaveLength(3);
    expect(() => choosePaths('gpu')).toThrow(/--backends "gpu": expected cpu, webgpu, .*cpu\/segments/);
  });

  it('takes batch sizes', () => {
    expect(parseBatches('8, 1,8')).toEqual([1, 8]);
    expect(() => parseBatches('1,x')).toThrow('--batch "1,x"');
  });
});

function model(run: (size: number) => void | Promise<void>): LoadedPath {
  const loaded = {
    async run({ size }: Batch) {
      await run(size);
      return { logits: new Float32Array(size * spec.classes), kept: new Map() };
    },
    dispose: async () => {},
  };
  return { throughput: loaded, latency: loaded, dispose: loaded.dispose };
}

describe('times', () => {
  const budget = { warmup: 1, minRounds: 3, maxRounds: 3, ms: 0 };

  it('of a path that fails are none: it drops out, and the others begin again', async () => {
    let calls = 0;
    const failing = model(() => {
      if (++calls === 3) throw new Error('the device went away');
    });
    const failed: unknown[] = [];
    const paths = new Map([
      ['steady', model(() => {})],
      ['failing', failing],
    ]);
    const timings = await timePaths(
      paths,
      spec,
      4,
      budget,
      () => false,
      (...told) => failed.push(told),
    );
    expect(failed).toEqual([['failing', new Error('the device went away')]]);
    expect([...timings!.keys()]).toEqual(['steady']);
    expect(timings!.get('steady')).toMatchObject({
      batch: 4,
      samplesMs: [expect.anything(), expect.anything(), expect.anything()],
    });
  });

  it('are none when the run is stopped', async () => {
    const paths = new Map([['steady', model(() => {})]]);
    expect(
      await timePaths(
        paths,
        spec,
        1,
        budget,
        () => true,
        () => {},
      ),
    ).toBeNull();
  });
});

describe('first answers', () => {
  const settings = { spec, images: madeUpImages(spec, 20), batch: 8, stopping: () => false };

  it('come in whole batches and a rest, of every image where there is time', async () => {
    const sizes: number[] = [];
    const { throughput } = model((size) => void sizes.push(size));
    const answers = await firstAnswers(throughput, { ...settings, budgetMs: Number.POSITIVE_INFINITY });
    expect(sizes).toEqual([8, 8, 4]);
    expect(answers).toEqual(Array(20).fill(0));
  });

  it('of a slow path end when its time does; its first batch is free', async () => {
    const { throughput } = model(() => new Promise((resolve) => setTimeout(resolve, 30)));
    const answers = await firstAnswers(throughput, { ...settings, budgetMs: 10 });
    expect(answers).toHaveLength(16);
  });
});

const real = choosePaths('cpu/whole-scan')[0];
const onGpu: ExecutionPath = {
  ...real,
  open: async (options) => {
    const { backend } = await real.open(options);
    const probe = async () => ({ available: true as const, details: {}, accelerator: 'made-up GPU' });
    return { backend: { ...backend, probe }, latency: backend };
  },
};
const absent: ExecutionPath = {
  name: 'cuda',
  form: 'made-up',
  open: async () => {
    const backend = {
      name: 'cuda' as const,
      probe: async () => ({ available: false as const, reason: 'it is not there', fix: 'buy one' }),
      load: async () => Promise.reject(new Error('never')),
    };
    return { backend, latency: backend };
  },
};
const broken: ExecutionPath = {
  name: 'webgpu',
  form: 'made-up',
  open: async (options) => {
    const { backend } = await real.open(options);
    const failing = { ...backend, load: async () => Promise.reject(new UserError('too small for it')) };
    return { backend: failing, latency: failing };
  },
};

it('writes one record for each path and plan, the unavailable ones with their reason', async () => {
  const out = newFolder();
  const said: string[] = [];
  const { paths, ...request } = {
    model: {
      spec,
      described: {
        name: 'made up',
        spec: { ...spec },
        params: 1,
        weights: { from: 'random', seed: 1 },
      } as ComparisonRecord['model'],
      weights: () => weights,
    },
    plans: [densePlan, plan],
    paths: [real, absent, broken, { ...onGpu, form: 'again' }],
    pathsAsked: true,
    images: madeUpImages(spec, 5),
    referenceImages: 3,
    budgetMs: Number.POSITIVE_INFINITY,
    batches: [1, 2],
    speedBudget: { warmup: 1, minRounds: 2, maxRounds: 2, ms: 0 },
    threads: 1,
    pathOptions: {},
    out,
    command: ['vssm', 'compare'],
    progress: { ...silentProgress, say: (line: string) => void said.push(line) },
  };
  // What a run that was cut off leaves.
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'results.jsonl'), '{"schema":2,"ki');
  const outcome = await compareBackends({ ...request, paths });
  if (outcome.state !== 'done') throw new Error('stopped');
  expect(said).toEqual([expect.stringContaining('removed a last line that was cut short')]);
  const records = readResults(out).records.filter((record) => record.kind === 'comparison');
  expect(records).toEqual(outcome.records);
  expect(records.map(({ row }) => row)).toEqual(
    ['dense', '1@0.7;2@0.5'].flatMap((name) =>
      ['cpu:whole-scan', 'cuda:made-up', 'webgpu:made-up', 'cpu:again'].map((path) => `${path}:${name}`),
    ),
  );
  const run = readResults(out).records.find((record) => record.kind === 'run');
  expect(run?.environment.accelerator).toBe('made-up GPU');
  const [dense, missing, failed, again, pruned] = records.map((record) => record.outcome);
  expect(missing).toEqual({ state: 'unavailable', reason: 'it is not there', fix: 'buy one' });
  expect(failed).toMatchObject({ state: 'unavailable', reason: 'too small for it' });
  if (dense.state !== 'measured' || pruned.state !== 'measured' || again.state !== 'measured') {
    throw new Error('the backend of the test did not run');
  }
  // float32 against float64 on a tiny model.
  expect(pruned.parity.maxDifference).toBeGreaterThan(0);
  expect(pruned.parity.maxDifference).toBeLessThan(1e-5);
  expect(dense.parity).toMatchObject({ images: 3, sameTop1: 3, kept: null });
  expect(pruned.parity.kept).toMatchObject({ images: 0, total: 3 * 8 });
  expect(again.agreement).toEqual({ with: { name: 'cpu', form: 'whole-scan' }, images: 5, sameTop1: 5 });
  expect(dense.agreement).toBeNull();
  expect(again.timings.map(({ batch, samplesMs }) => [batch, samplesMs.length])).toEqual([
    [1, 2],
    [2, 2],
  ]);
});
