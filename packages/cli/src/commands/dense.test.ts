import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeSafetensors } from '@vssm/checkpoints';
import { ade20kSampleDir, cocoSampleDir } from '@vssm/datasets';
import { plainMambaSpec } from '@vssm/families';
import { type DenseSpec, denseModels, randomDenseWeights } from '@vssm/vision-tasks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scoreCoco } from '../score/coco.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const classifier = fileURLToPath(
  new URL('../../../../datasets/fashion-mnist/vim-nano-fmnist.pth', import.meta.url),
);

const backbone = plainMambaSpec({
  ...{ width: 24, depth: 4, stemConvs: 1, depthwiseLayers: [0], positionRows: 4, positionColumns: 4 },
});
const published = denseModels['plainmamba-l1-maskrcnn'];
const maskRcnn = {
  ...published,
  backbone: {
    ...published.backbone,
    spec: backbone,
    stemWidth: 8,
    interactions: [0, 1, 2, 3].map((layer) => [layer, layer] as const),
  },
  channels: 16,
  boxFeatures: 32,
};
const files: Readonly<Record<string, DenseSpec>> = {
  maskrcnn: maskRcnn,
  sevenclasses: { ...maskRcnn, classes: 7 },
  upernet: {
    ...denseModels['plainmamba-l1-upernet'],
    backbone: { family: 'plainmamba', spec: backbone, taps: [0, 1, 2, 3] },
    head: { channels: 16, classes: 150, poolScales: [1, 2, 3, 6] },
    auxiliary: { tap: 3, channels: 8 },
  },
};

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-dense-'));
  for (const [name, spec] of Object.entries(files)) {
    await writeSafetensors(checkpoint(name), randomDenseWeights(spec, 1));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const checkpoint = (name: string) => join(folder, `${name}.safetensors`);

function vssm(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { ...process.env, VSSM_COCO: '', VSSM_ADE20K: '' };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

const small = ['--max', '128,96', '--threads', '1'];

describe('vssm detect', () => {
  it('gives the AP that vssm score finds in the file it wrote', async () => {
    const out = join(folder, 'detections');
    const given = ['--checkpoint', checkpoint('maskrcnn'), '--data', cocoSampleDir, '--out', out];
    const { code, stdout, stderr } = await vssm('detect', ...given, ...small, '--prune', '1@0.7', '--json');
    expect(code, stderr).toBe(0);
    const { bbox, segm, detections, ...run } = JSON.parse(stdout);
    expect(run).toMatchObject({
      ...{ dataset: 'coco', kind: 'maskrcnn', randomWeights: false, schedule: '1@0.7', images: 4 },
      ...{ partial: false, failed: [], file: join(out, 'detections.json') },
    });
    expect(run.checkpointSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(run.gflops.strict).toBeGreaterThan(run.gflops.paper);
    expect(detections).toBeGreaterThan(0);
    const annotations = join(cocoSampleDir, 'annotations/instances_val2017.json');
    for (const [type, summary] of Object.entries({ bbox, segm }) as ['bbox' | 'segm', unknown][]) {
      const score = await scoreCoco({ annotations, detections: run.file, type });
      expect(score.detections).toBe(detections);
      expect(JSON.parse(JSON.stringify(score.summary))).toEqual(summary);
    }
    const again = await vssm('detect', ...given, ...small, '--prune', '1@0.7', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ bbox, segm, detections, throughput: null });
  });
});

describe('vssm segment', () => {
  it('says what is partial, and keeps nothing without --out', async () => {
    const given = ['--checkpoint', checkpoint('upernet'), '--data', ade20kSampleDir, '--limit', '2'];
    const { code, stdout, stderr } = await vssm('segment', ...given, ...small);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('ade20k validation, 2 images (partial, not comparable)');
    expect(stdout).toMatch(/^mIoU {2,}\d+\.\d\d %$/m);
    expect(stdout + stderr).not.toContain('random');
    expect(existsSync(join(folder, 'answers.jsonl'))).toBe(false);
  });
});

describe('refuses', () => {
  it.each<[string, string[], string]>([
    ['no model', ['detect'], 'no model: give --checkpoint FILE, or --model NAME'],
    [
      'no data',
      ['detect', '--model', 'plainmamba-l1-retinanet'],
      'no data: give --data FOLDER (or VSSM_COCO)',
    ],
    ['a classifier', ['segment', '--checkpoint', classifier], 'is a classifier (it has "head.weight")'],
    ['an unknown model', ['segment', '--model', 'vim-small'], 'model "vim-small" is not known'],
    ['sizes that are none', ['detect', '--max', '5'], '--max "5": expected LONG,SHORT'],
  ])('%s', async (_, args, message) => {
    const { code, stderr } = await vssm(...args);
    expect(stderr).toContain(message);
    expect(code).toBe(1);
  });

  it('another kind of model, and one of other classes', async () => {
    const [segmenter, detector, other, classification] = await Promise.all([
      vssm('detect', '--checkpoint', checkpoint('upernet')),
      vssm('segment', '--checkpoint', checkpoint('maskrcnn')),
      vssm('detect', '--checkpoint', checkpoint('sevenclasses'), '--data', cocoSampleDir),
      vssm('eval', '--checkpoint', checkpoint('maskrcnn')),
    ]);
    expect(segmenter.stderr).toContain('upernet.safetensors: is a segmenter; vssm segment takes it');
    expect(detector.stderr).toContain('maskrcnn.safetensors: is a detector; vssm detect takes it');
    expect(other.stderr).toContain('tells 7 classes apart, COCO has 80');
    expect(classification.stderr).toContain('is not a classifier; vssm detect takes it');
  });
});
