import type { Backend } from '@vssm/backend';
import { referenceBackend } from '@vssm/backend';
import { densePlan, parameterCount, pruningPlan, randomWeights } from '@vssm/families';
import { readResults } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import { checkGpu, type GpuCheckRequest } from './check-gpu.ts';
import { madeUpImages } from './compare/images.ts';
import type { ExecutionPath } from './execution-paths.ts';
import { silentProgress } from './progress.ts';
import {
  madeUpBackend,
  madeUpDataset,
  newFolder,
  sourcesOf,
  spec,
  speedRows,
} from './test-support/made-up.ts';

const pathOf = (backend: Backend): ExecutionPath => ({
  name: 'cpu',
  form: 'segments',
  open: async () => ({ backend, latency: backend }),
});
const missing: Backend = {
  name: 'cpu',
  probe: async () => ({ available: false, reason: 'no GPU is there', fix: 'buy one' }),
  load: () => Promise.reject(new Error('never loaded')),
};
/** Answers as the reference does, but for the speed rows' model, which is too large for it. */
const exact: Backend = {
  name: 'cpu',
  probe: async () => ({ available: true, details: { adapter: 'made up' }, accelerator: 'made-up GPU' }),
  load: (request) => (request.spec.width === spec.width ? referenceBackend : madeUpBackend()).load(request),
};
const withFloor = speedRows.map((row) => (row.against === null ? { ...row, floor: true as const } : row));
const weights = { from: 'random', seed: 0 } as const;
const small = { name: 'small', spec: { ...spec }, params: parameterCount(spec), weights };

function request(change: Partial<GpuCheckRequest> = {}): GpuCheckRequest {
  const speeds = ['first', 'second'].map((id) => ({ id, title: id, paperFile: null, rows: speedRows }));
  return {
    paths: [pathOf(missing), pathOf(exact)],
    pathOptions: {},
    parity: [
      {
        model: { spec, described: small, weights: () => randomWeights(spec, 0) },
        plans: [densePlan, pruningPlan({ schedule: [{ after: 2, keep: 0.5 }] })],
        images: madeUpImages(spec, 2),
        referenceImages: 2,
      },
    ],
    speeds,
    speedBudget: { warmup: 0, minRounds: 1, maxRounds: 1, ms: 0 },
    timeMs: 1e9,
    threads: 1,
    sources: sourcesOf(madeUpDataset(1)),
    out: newFolder(),
    command: ['vssm', 'check-gpu'],
    progress: silentProgress,
    codeVersion: 'made up',
    ...change,
  };
}

describe('checkGpu', () => {
  it('says what is missing, holds the rest against the reference, and times it', async () => {
    const asked = request();
    const { paths, exitCode } = await checkGpu(asked);
    expect(exitCode).toBe(0);
    expect(paths[0]).toMatchObject({ missing: { reason: 'no GPU is there', fix: 'buy one' }, timed: [] });
    expect(paths[1]).toMatchObject({ missing: null, accelerator: 'made-up GPU', failures: [], leftOut: [] });
    expect(paths[1].parity).toMatchObject([
      { maxDifference: expect.closeTo(0, 5), keptOtherwise: 0, failure: null },
      { maxDifference: expect.closeTo(0, 5), keptOtherwise: 0, failure: null },
    ]);
    expect(paths[1].timed).toMatchObject(
      ['first', 'second'].flatMap(() => [
        { label: 'dense', batch: 2, speedup: null, promised: null, floorMs: null },
        { label: 'pruned', speedup: expect.any(Number), promised: expect.any(Number), floorMs: null },
      ]),
    );
    const kinds = readResults(asked.out).records.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'comparison')).toHaveLength(2);
    expect(kinds.filter((kind) => kind === 'speed')).toHaveLength(4);
  });

  it('comes to half precision last, in the same comparison, with a wider margin for near-ties', async () => {
    const half: ExecutionPath = { ...pathOf(exact), form: 'segments-f16', half: true };
    const asked = request({ paths: [half, pathOf(exact)] });
    const { paths } = await checkGpu(asked);
    expect(paths.map(({ name }) => name)).toEqual(['cpu/segments', 'cpu/segments-f16']);
    const records = readResults(asked.out).records.filter((record) => record.kind === 'comparison');
    expect(new Set(records.map(({ group }) => group)).size).toBe(1);
    for (const { backend, outcome } of records) {
      if (outcome.state !== 'measured' || outcome.parity.kept === null) continue;
      expect(outcome.parity.kept.tieMargin).toBe(backend.form === 'segments' ? 1e-5 : 1e-2);
    }
    expect(paths.map(({ parity, timed }) => [parity.length, timed.length])).toEqual([
      [2, 4],
      [2, 4],
    ]);
  });

  it('times the matrix products alone where they are asked for and the backend has them', async () => {
    const floor: Backend = {
      ...exact,
      loadMatmulFloor: async () => ({ run: async () => {}, dispose: async () => {} }),
    };
    const speeds = [{ id: 'one', title: 'one', paperFile: null, rows: withFloor }];
    const asked = request({ speeds });
    const { paths } = await checkGpu({ ...asked, paths: [pathOf(floor)] });
    expect(paths[0].timed.map(({ floorMs }) => floorMs)).toEqual([expect.any(Number), expect.any(Number)]);
    const { records } = readResults(asked.out);
    const speed = records.filter((record) => record.kind === 'speed');
    expect(speed.map((record) => record.floorMs!.length)).toEqual(
      speed.map((record) => record.samplesMs.length),
    );
    const without = await checkGpu(request({ speeds }));
    expect(without.paths[1].timed.map(({ floorMs }) => floorMs)).toEqual([null, null]);
  });

  it('begins no timing that there is no time for, and names it', async () => {
    const { paths } = await checkGpu(request({ timeMs: 0 }));
    expect(paths[1]).toMatchObject({ timed: [], leftOut: ['first', 'second'] });
  });

  it('ends with 1 where nothing ran', async () => {
    expect(await checkGpu(request({ paths: [pathOf(missing)] }))).toMatchObject({ exitCode: 1 });
  });

  it('tells of answers that are wrong', async () => {
    const [, wrong] = (await checkGpu(request({ paths: [pathOf(missing), pathOf(madeUpBackend())] }))).paths;
    expect(Math.max(...wrong.parity.map(({ maxDifference }) => maxDifference))).toBeGreaterThan(0.1);
  });
});
