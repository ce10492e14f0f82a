import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pruningPlan } from '@vssm/families';
import { readResults } from '@vssm/results';
import { visionFlops, visionModels } from '@vssm/vision-tasks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainMambaVisionRow, top, visionSmokeRows } from '../arms.ts';
import { openBackend } from '../backends.ts';
import type { Experiment } from '../experiment.ts';
import { parseCheckpointOptions, parseVisionCheckpoints } from '../models.ts';
import { silentProgress } from '../progress.ts';
import { type BenchRequest, runBench } from '../run.ts';
import { visionSources } from './models.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-vision-task-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function request(rows: Experiment['rows'], out: string, limit?: number): Promise<BenchRequest> {
  return {
    experiments: [{ id: 'made-up', title: 'made up', paperFile: null, rows }],
    ...{ out: join(folder, out), only: [], full: false, threads: 1, command: [], progress: silentProgress },
    ...(limit !== undefined && { limit }),
    backend: await openBackend('cpu', {}),
    sources: {
      models: () => null,
      datasets: { 'fashion-mnist': () => null, imagenet: () => null },
      vision: visionSources({ checkpoints: new Map() }),
    },
    codeVersion: 'made-up',
  };
}

describe('rows of detectors and segmenters', () => {
  it('the smoke runs end in separate records, once', async () => {
    const rows = [
      visionSmokeRows('micro-maskrcnn')[1],
      { ...visionSmokeRows('micro-upernet')[0], id: 'other' },
    ];
    const first = await runBench(await request(rows, 'smoke'));
    expect(first).toMatchObject({ carriedOut: 2, notRun: 0, failures: [], exitCode: 0 });
    const [detector, segmenter] = readResults(first.results).records.filter(({ kind }) => kind === 'vision');
    expect(detector).toMatchObject({
      ...{ row: 'smoke-top', schedule: '1,2@0.8', images: 4, failed: [], partial: false, paper: null },
      model: { kind: 'maskrcnn', weights: { from: 'random', seed: 0 } },
      dataset: { name: 'made-up pictures in the form of COCO 2017', total: 4 },
      figures: { boxAp: expect.any(Number), maskAp: expect.any(Number) },
    });
    expect(detector).toMatchObject({
      drawn: [{ id: '100', windows: [{ kept: [{ after: 1 }, { after: 2 }] }] }, { id: '200' }],
      parts: expect.arrayContaining([{ part: 'layers', gflops: expect.anything(), ms: expect.any(Number) }]),
    });
    expect(segmenter).toMatchObject({ row: 'other', figures: { miou: expect.any(Number) } });
    expect(readdirSync(join(folder, 'smoke/predictions'))).toHaveLength(3);
    expect(await runBench(await request(rows, 'smoke'))).toMatchObject({ carriedOut: 0, foundDone: 2 });
  });

  it('a limited run is partial', async () => {
    const { results, partial } = await runBench(
      await request([visionSmokeRows('micro-upernet')[0]], 'limited', 1),
    );
    expect(partial).toBe(true);
    const record = readResults(results).records.find(({ kind }) => kind === 'vision');
    expect(record).toMatchObject({ images: 1, partial: true });
  });

  it('the segmenter that was trained here gives what its card says of the scenes that ship', async () => {
    const row = { ...visionSmokeRows('micro-upernet')[0], id: 'scenes', label: 'dense' };
    const { results } = await runBench(
      await request([{ ...row, model: 'upernet-nano', dataset: 'fashion-scenes' }], 'scenes'),
    );
    const record = readResults(results).records.find(({ kind }) => kind === 'vision');
    expect(record).toMatchObject({
      ...{ images: 24, partial: false, input: { height: 64, width: 64 } },
      dataset: { name: 'Scenes of Fashion-MNIST', total: 24 },
      model: { weights: { from: 'checkpoint', file: 'upernet-nano.safetensors' } },
    });
    const { miou } = (record as { figures: { miou: number } }).figures;
    expect(miou.toFixed(2)).toBe('23.40');
  });

  it('without data and checkpoint, the reason, the command and the FLOPs of the whole model', async () => {
    const row = plainMambaVisionRow('plainmamba-l1', 'maskrcnn', top, null);
    const { results, notRun } = await runBench(await request([row], 'skipped'));
    expect(notRun).toBe(1);
    const plan = pruningPlan(row.plan, 'plainmamba');
    const flops = visionFlops(visionModels['plainmamba-l1-maskrcnn'], plan, 'strict');
    expect(readResults(results).records.find(({ kind }) => kind === 'skipped')).toMatchObject({
      dataset: 'COCO 2017',
      reason:
        'COCO 2017 is not given; no trained PlainMamba-L1 Mask R-CNN is given (public weights: ChenhongyiYang/PlainMamba, detection/maskrcnn/l1_1x.pth)',
      howToRun: 'pnpm bench --only made-up --coco DIR --checkpoint plainmamba-l1-maskrcnn=FILE',
      flops: { strict: flops.total / 1e9 },
      tokens: flops.tokens,
    });
  });

  it('checkpoints of both sorts, by name', () => {
    const given = ['vim-small=a.pth', 'plainmamba-l1-maskrcnn=b.pth'];
    expect([...parseCheckpointOptions(given)]).toEqual([['vim-small', 'a.pth']]);
    expect([...parseVisionCheckpoints(given)]).toEqual([['plainmamba-l1-maskrcnn', 'b.pth']]);
    expect(() => parseVisionCheckpoints(['l1=c.pth'])).toThrow(
      '--checkpoint "l1=c.pth": expected MODEL=FILE',
    );
    expect(() => parseVisionCheckpoints([given[1], given[1]])).toThrow('is given twice');
  });
});
