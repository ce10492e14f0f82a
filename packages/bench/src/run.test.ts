import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend, Prediction } from '@vssm/backend';
import { UserError } from '@vssm/core';
import {
  type AccuracyRecord,
  checkPredictions,
  readResults,
  resultsContent,
  type SpeedRecord,
} from '@vssm/results';
import { describe, expect, it } from 'vitest';
import type { StripRow } from './kinds/strip.ts';
import { formatPreview, previewBench } from './preview.ts';
import { type BenchRequest, runBench } from './run.ts';
import {
  accuracyRow,
  denseRow,
  madeUpBackend,
  madeUpDataset,
  newFolder,
  opened,
  requestOf,
  sourcesOf,
  speedRows,
} from './test-support/made-up.ts';

const row = accuracyRow('row');

function accuracies(folder: string): AccuracyRecord[] {
  return readResults(folder).records.filter((record) => record.kind === 'accuracy');
}

/** Images that were run, without the calibration's empty ones. */
const seen = (batches: readonly number[][]) =>
  batches.filter((batch) => batch.some((image) => image > 0)).flat();

describe('runBench', () => {
  it('counts right answers and says on what', async () => {
    const request = requestOf([denseRow, row], { backend: opened(madeUpBackend()) });
    const outcome = await runBench(request);
    expect(outcome).toMatchObject({ carriedOut: 2, foundDone: 0, failures: [], partial: false, exitCode: 0 });
    const [dense, sampled] = accuracies(request.out);
    // Image i is answered wrongly when i % 7 is 6: 142 of the first 1,000.
    expect(dense).toMatchObject({ count: 1000, correct1: 858, sample: { how: 'all', partial: false } });
    expect(dense.model).toMatchObject({ params: expect.any(Number), weights: { from: 'checkpoint' } });
    expect(sampled).toMatchObject({ count: 600, sample: { how: 'stratified', seed: 0 }, tokens: [17, 9] });
    expect(checkPredictions(request.out, dense)).toBeNull();
    const [run] = readResults(request.out).records;
    expect(run).toMatchObject({
      kind: 'run',
      environment: { accelerator: 'made-up GPU', libraries: { tinybench: expect.any(String) } },
    });
  });

  it('stamps a limited run partial', async () => {
    const request = requestOf([row], { backend: opened(madeUpBackend()), limit: 20 });
    expect(await runBench(request)).toMatchObject({ partial: true });
    expect(accuracies(request.out)).toMatchObject([{ count: 20, sample: { how: 'limit', partial: true } }]);
  });

  it('lends the time between two tasks, when what is finished can be read', async () => {
    const request = requestOf([denseRow, row], { backend: opened(madeUpBackend()) });
    const between: string[][] = [];
    const outcome = await runBench({
      ...request,
      between: async () => {
        between.push(accuracies(request.out).map((record) => record.row));
      },
    });
    expect(outcome.carriedOut).toBe(2);
    expect(between).toEqual([[denseRow.id]]);
  });

  it('does nothing twice', async () => {
    const backend = madeUpBackend();
    const request = requestOf([denseRow, row, ...prefixed('speed', speedRows)], { backend: opened(backend) });
    await runBench(request);
    const before = readFileSync(join(request.out, 'results.jsonl'));
    backend.batches.length = 0;
    expect(await runBench(request)).toMatchObject({ carriedOut: 0, foundDone: 3 });
    expect(backend.batches).toEqual([]);
    expect(readFileSync(join(request.out, 'results.jsonl'))).toEqual(before);
  });

  it('goes on after the last whole line, in the same batches, when it was cut off', async () => {
    const whole = requestOf([row], { backend: opened(madeUpBackend()) });
    await runBench(whole);
    const [expected] = accuracies(whole.out);

    // The second batch fails; what is there of the first is then cut down to a part of it and half a line.
    let batch = 0;
    const failing = madeUpBackend(() => {
      if (batch++ === 1) throw new Error('power cut');
    });
    const request = requestOf([row], { backend: opened(failing) });
    await expect(runBench(request)).rejects.toThrow('power cut');
    const side = join(request.out, expected.predictions.file);
    const lines = readFileSync(side, 'utf8').split('\n');
    expect(lines).toHaveLength(1 + 250 + 1);
    truncateSync(side, lines.slice(0, 201).join('\n').length + 1);
    appendFileSync(side, '999,1');

    const backend = madeUpBackend();
    await runBench({ ...request, backend: opened(backend) });
    expect(seen(backend.batches)).toHaveLength(600);
    expect(accuracies(request.out)).toEqual([{ ...expected, durationMs: expect.any(Number) }]);
    expect(readFileSync(side)).toEqual(readFileSync(join(whole.out, expected.predictions.file)));
  });

  it('writes the missing records of rows that share a finished evaluation without evaluating again', async () => {
    const backend = madeUpBackend();
    const request = requestOf([row], { backend: opened(backend) });
    await runBench(request);
    backend.batches.length = 0;
    const renamed = accuracyRow('row', { label: 'a better name' });
    await runBench({ ...requestOf([renamed], { backend: opened(backend) }), out: request.out });
    expect(seen(backend.batches)).toEqual([]);
    expect(accuracies(request.out).map(({ label, correct1 }) => [label, correct1])).toEqual([
      ['row', expect.any(Number)],
      ['a better name', accuracies(request.out)[0].correct1],
    ]);
  });

  it('refuses predictions that somebody changed', async () => {
    const request = requestOf([row], { backend: opened(madeUpBackend()) });
    await runBench(request);
    const [{ predictions }] = accuracies(request.out);
    const side = join(request.out, predictions.file);
    writeFileSync(side, readFileSync(side, 'utf8').replace(/\n\d+,/, '\n5555,'));
    writeFileSync(join(request.out, 'results.jsonl'), '');
    await expect(runBench(request)).rejects.toThrow(
      `${side}: holds image 5555, which is not one of this evaluation`,
    );
  });

  it('counts and names images that cannot be read, and goes on', async () => {
    const said: string[] = [];
    const base = requestOf([denseRow], { backend: opened(madeUpBackend()) });
    const request: BenchRequest = {
      ...base,
      sources: sourcesOf(madeUpDataset(300, [3, 270])),
      progress: { ...base.progress, say: (line) => said.push(line) },
    };
    expect(await runBench(request)).toMatchObject({ unreadable: 2, exitCode: 0 });
    const [record] = accuracies(request.out);
    expect(record).toMatchObject({ count: 298, sample: { count: 300 } });
    expect(record.failed).toEqual([
      { id: 'image-3', error: 'image-3: cannot be decoded' },
      { id: 'image-270', error: 'image-270: cannot be decoded' },
    ]);
    expect(said).toEqual([expect.stringContaining('2 without an answer')]);
    expect(record.sample.partial).toBe(true);
  });

  it('tries images without an answer again, and ends as if they had always been there', async () => {
    const broken = [3, 270];
    const backend = madeUpBackend();
    const dataset = { ...madeUpDataset(300, broken), checksum: 'cd'.repeat(32) };
    const request = requestOf([denseRow], { backend: opened(backend), sources: sourcesOf(dataset) });
    await runBench(request);
    const results = readFileSync(join(request.out, 'results.jsonl'));

    // As they are: nothing is answered, and nothing is written.
    backend.batches.length = 0;
    expect(await runBench(request)).toMatchObject({ carriedOut: 0, foundDone: 1, unreadable: 2 });
    expect(backend.batches).toEqual([]);
    expect(readFileSync(join(request.out, 'results.jsonl'))).toEqual(results);

    broken.splice(0, 1);
    expect(await runBench(request)).toMatchObject({ carriedOut: 1, foundDone: 0, unreadable: 1 });
    // The image's batch, whose others were answered beside fewer neighbours.
    expect(backend.batches).toEqual([Array.from({ length: 250 }, (_, image) => image)]);
    broken.pop();
    expect(await runBench(request)).toMatchObject({ carriedOut: 1, unreadable: 0 });
    expect(await runBench(request)).toMatchObject({ carriedOut: 0, foundDone: 1, unreadable: 0 });

    const sound = requestOf([denseRow], { backend: opened(madeUpBackend()), sources: sourcesOf(dataset) });
    await runBench(sound);
    const withoutTimes = (folder: string) => resultsContent(readResults(folder).records);
    expect(withoutTimes(request.out)).toEqual(withoutTimes(sound.out));
    const { predictions } = accuracies(sound.out)[0];
    expect(readFileSync(join(request.out, predictions.file))).toEqual(
      readFileSync(join(sound.out, predictions.file)),
    );
    expect(accuracies(request.out).at(-1)).toMatchObject({
      count: 300,
      failed: [],
      sample: { partial: false },
    });
  });

  it('counts and names images that the backend has no answer for', async () => {
    const backend = madeUpBackend();
    const request = requestOf([denseRow], {
      backend: opened(
        changed(backend, (prediction) => ({ ...prediction, failed: new Map([[2, 'worker died']]) })),
      ),
      sources: sourcesOf(madeUpDataset(20, [1])),
    });
    expect(await runBench(request)).toMatchObject({ unreadable: 2 });
    // Image 1 cannot be read, so the batch's third image is image 3.
    expect(accuracies(request.out)[0].failed).toEqual([
      { id: 'image-1', error: 'image-1: cannot be decoded' },
      { id: 'image-3', error: 'worker died' },
    ]);
  });

  it('keeps a row that cannot be finished from stopping the others', async () => {
    const nothing = { ...madeUpDataset(3, [0, 1, 2]) };
    const request = requestOf([denseRow, ...prefixed('speed', speedRows)], {
      backend: opened(madeUpBackend()),
      sources: sourcesOf(nothing),
    });
    const outcome = await runBench(request);
    expect(outcome).toMatchObject({ carriedOut: 1, exitCode: 1 });
    expect(outcome.failures).toEqual([
      { label: 'made-up: dense', reason: expect.stringContaining('none of the 3 images') },
    ]);
    expect(readResults(request.out).records).toContainEqual(
      expect.objectContaining({
        kind: 'skipped',
        row: 'dense',
        reason: expect.stringContaining('none of the 3'),
      }),
    );
  });

  it('never takes a ranking from logits that are not finite', async () => {
    const backend = changed(madeUpBackend(), ({ logits, kept }) => ({
      logits: logits.fill(Number.NaN),
      kept,
    }));
    const request = requestOf([row], { backend: opened(backend) });
    const { failures } = await runBench(request);
    expect(failures[0].reason).toContain('not finite');
    expect(accuracies(request.out)).toEqual([]);
  });

  it('records speeds with every sample, and pairs them', async () => {
    const request = requestOf(speedRows, { backend: opened(madeUpBackend()) });
    await runBench(request);
    const [dense, pruned] = readResults(request.out).records.filter(
      (record): record is SpeedRecord => record.kind === 'speed',
    );
    expect(dense).toMatchObject({ batch: 2, warmup: 1, threads: 1, speedup: null });
    expect(dense.model.weights).toEqual({ from: 'random', seed: 0 });
    expect(dense.samplesMs).toHaveLength(3);
    expect(pruned.speedup).toMatchObject({ against: dense.key, denseSamplesMs: dense.samplesMs });
    expect(pruned.speedup!.median).toBeGreaterThanOrEqual(pruned.speedup!.min);
    expect(pruned.flops.strict).toBeLessThan(dense.flops.strict);
  });

  it('times again, and keeps what is there, when it was cut off between two records of a timing', async () => {
    const request = requestOf(speedRows, { backend: opened(madeUpBackend()) });
    await runBench(request);
    const file = join(request.out, 'results.jsonl');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    writeFileSync(file, `${lines.slice(0, -1).join('\n')}\n`);
    await runBench(request);
    const after = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(after.slice(0, -1)).toEqual(lines.slice(0, -1));
    expect(JSON.parse(after.at(-1)!)).toMatchObject({
      kind: 'speed',
      row: 'pruned',
      key: JSON.parse(lines.at(-1)!).key,
    });
  });

  it('draws pictures of images that the dense model gets right', async () => {
    const strip: StripRow = { ...row, kind: 'strip', id: 'pictures', classes: [6, 4] };
    const request = requestOf([strip], { backend: opened(madeUpBackend()) });
    await runBench(request);
    const record = readResults(request.out).records.find(({ kind }) => kind === 'strip');
    expect(record).toMatchObject({
      grid: { height: 4, width: 4 },
      classToken: 8,
      protectedTokens: [8],
      images: [
        // Image 6, the first of its class, is answered wrongly.
        { id: 'image-16', label: { index: 6, name: 'class 6' }, kept: [{ after: 2, positions: [0, 2, 8] }] },
        { id: 'image-4', channels: 1, pixels: Buffer.alloc(28 * 28, 9).toString('base64') },
      ],
    });
    // This backend does not tell what is read.
    expect(record).not.toHaveProperty('images.0.read');
  });

  it('has beside the pictures what is read of each patch, where the backend tells it', async () => {
    const plain = madeUpBackend();
    const positions = Int32Array.from({ length: 17 }, (_, position) => position);
    const told = new Map([[1, { positions, scores: Float32Array.from(positions) }]]);
    const telling: Backend = {
      ...plain,
      contributions: true,
      async load(request) {
        const model = await plain.load(request);
        if (request.contributions !== true) return model;
        return { ...model, run: async (batch) => ({ ...(await model.run(batch)), contributions: told }) };
      },
    };
    const strip: StripRow = { ...row, kind: 'strip', id: 'pictures', classes: [4] };
    const request = requestOf([strip], { backend: opened(telling) });
    await runBench(request);
    const record = readResults(request.out).records.find(({ kind }) => kind === 'strip');
    // Position p of p, the class token's 8 left out: 128 in all.
    const parts = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16].map((part) =>
      Number((part / 128).toPrecision(4)),
    );
    expect(record).toMatchObject({ images: [{ read: { dense: parts, pruned: parts } }] });
  });

  it('is refused a folder that another run writes to', async () => {
    const out = newFolder();
    const second = requestOf([row], { backend: opened(madeUpBackend()), out });
    const refusals: unknown[] = [];
    const first = requestOf([row], {
      out,
      backend: opened(
        madeUpBackend(() => {
          void runBench(second).catch((error) => refusals.push(error));
        }),
      ),
    });
    await runBench(first);
    await expect.poll(() => refusals.length).toBeGreaterThan(0);
    expect(refusals[0]).toBeInstanceOf(UserError);
  });
});

describe('previewBench', () => {
  it('says what would run and what is done, and writes nothing', async () => {
    const request = requestOf(
      [denseRow, row, accuracyRow('big', { model: 'vim-small', dataset: 'imagenet' })],
      {
        backend: opened(madeUpBackend()),
      },
    );
    const before = await previewBench(request);
    expect(before.tasks.map(({ state, images }) => [state, images])).toEqual([
      ['to do', 1000],
      ['to do', 600],
      ['not run', null],
    ]);
    expect(before.totalMs).toBeGreaterThan(0);
    expect(formatPreview(before)).toMatch(
      /dense, 1,000 images {2}\[made-up\][\s\S]*not run: 1 row: ImageNet-1K is not/,
    );
    expect(existsSync(request.out)).toBe(false);

    await runBench(request);
    const files = hashOf(request.out);
    const after = await previewBench(request);
    expect(after.tasks.map(({ state }) => state)).toEqual(['done', 'done', 'not run']);
    expect(after.totalMs).toBe(0);
    expect(hashOf(request.out)).toBe(files);
  });
});

/** The backend with other answers. */
function changed(backend: Backend, change: (prediction: Prediction) => Prediction): Backend {
  return {
    ...backend,
    async load(request) {
      const model = await backend.load(request);
      return { ...model, run: async (batch) => change(await model.run(batch)) };
    },
  };
}

function hashOf(folder: string): string {
  return createHash('sha256')
    .update(readFileSync(join(folder, 'results.jsonl')))
    .digest('hex');
}

function prefixed(prefix: string, rows: typeof speedRows) {
  return rows.map((speed) => ({
    ...speed,
    id: `${prefix}-${speed.id}`,
    against: speed.against === null ? null : `${prefix}-${speed.against}`,
  }));
}
