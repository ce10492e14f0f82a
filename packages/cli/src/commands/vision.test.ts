import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeSafetensors } from '@vssm/checkpoints';
import { ade20kSampleDir, cocoSampleDir } from '@vssm/datasets';
import { plainMambaSpec } from '@vssm/families';
import { readResults, resultsContent } from '@vssm/results';
import { randomVisionWeights, type VisionSpec, visionModels } from '@vssm/vision-tasks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scoreCoco } from '../score/coco.ts';
import { vssmIn } from '../test-support/vssm.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const classifier = fileURLToPath(
  new URL('../../../../datasets/fashion-mnist/vim-nano-fmnist.pth', import.meta.url),
);

const backbone = plainMambaSpec({
  ...{ width: 24, depth: 4, stemConvs: 1, depthwiseLayers: [0], positionRows: 4, positionColumns: 4 },
});
const published = visionModels['plainmamba-l1-maskrcnn'];
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
const files: Readonly<Record<string, VisionSpec>> = {
  maskrcnn: maskRcnn,
  sevenclasses: { ...maskRcnn, classes: 7 },
  upernet: {
    ...visionModels['plainmamba-l1-upernet'],
    backbone: { family: 'plainmamba', spec: backbone, taps: [0, 1, 2, 3] },
    head: { channels: 16, classes: 150, poolScales: [1, 2, 3, 6] },
    auxiliary: { tap: 3, channels: 8 },
  },
};

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-vision-'));
  for (const [name, spec] of Object.entries(files)) {
    await writeSafetensors(checkpoint(name), randomVisionWeights(spec, 1));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const checkpoint = (name: string) => join(folder, `${name}.safetensors`);

const vssm = vssmIn(undefined, { ...process.env, VSSM_COCO: '', VSSM_ADE20K: '' });

const small = ['--max', '96x128', '--threads', '1'];

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
    expect(stdout).toContain('testdata validation, 2 images (partial, not comparable)');
    expect(stdout).toMatch(/^mIoU {2,}\d+\.\d\d %$/m);
    expect(stdout + stderr).not.toContain('random');
    expect(existsSync(join(folder, 'answers.jsonl'))).toBe(false);
  });
});

describe('shards', () => {
  it.each([
    ['detect', 'maskrcnn', cocoSampleDir],
    ['segment', 'upernet', ade20kSampleDir],
  ])('of vssm %s, the first one killed, merge to the bytes of a whole run', async (command, model, data) => {
    const given = [command, '--checkpoint', checkpoint(model), '--data', data, ...small];
    const at = (name: string) => join(folder, `${command}-${name}`);
    const whole = await vssm(...given, '--out', at('whole'), '--json');
    expect(whole.code, whole.stderr).toBe(0);
    await killed([...given, '--shard', '1/3', '--out', at('1')], at('1'));
    for (const shard of ['1', '2', '3']) {
      const part = await vssm(...given, '--shard', `${shard}/3`, '--out', at(shard), '--json');
      expect(part.code, part.stderr).toBe(0);
      const images = shard === '1' ? 2 : 1;
      expect(JSON.parse(part.stdout)).toMatchObject({ shard: `${shard}/3`, images, failed: 0 });
    }
    const merged = await vssm('merge', at('1'), at('2'), at('3'), '--out', at('merged'), '--json');
    expect(merged.code, merged.stderr).toBe(0);
    const [{ figures }] = JSON.parse(merged.stdout).vision;
    expect(JSON.parse(merged.stdout)).toMatchObject({ joined: 1, images: 4, vision: [{ images: 4 }] });
    expect(Object.keys(figures)).toContain(command === 'detect' ? 'boxAp' : 'miou');
    const files = readdirSync(join(at('whole'), 'predictions'));
    expect(readdirSync(join(at('merged'), 'predictions'))).toEqual(files);
    for (const file of files) {
      const [one, other] = ['whole', 'merged'].map((run) => readFileSync(join(at(run), 'predictions', file)));
      expect(other.equals(one), file).toBe(true);
    }
    const results = ['whole', 'merged'].map((run) =>
      readResults(at(run)).records.filter(({ kind }) => kind === 'vision'),
    );
    expect(resultsContent(results[1])).toEqual(resultsContent(results[0]));
  });
});

/** Starts a command and kills it once its first image is answered, or lets it end where it is faster. */
async function killed(args: readonly string[], out: string): Promise<void> {
  const running = spawn(process.execPath, [main, ...args], { stdio: 'ignore' });
  const ended = new Promise((resolve) => running.on('exit', resolve));
  const answers = join(out, 'predictions');
  const lines = () =>
    existsSync(answers)
      ? readdirSync(answers).flatMap((name) => readFileSync(join(answers, name), 'utf8').split('\n')).length
      : 0;
  while (running.exitCode === null && lines() < 3) await new Promise((resolve) => setTimeout(resolve, 2));
  running.kill('SIGKILL');
  await ended;
}

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
    ['another backend', ['detect', '--backend', 'wasm'], 'detectors and segmenters run on cpu only'],
    [
      'a backend that is none',
      ['segment', '--backend', 'tpu'],
      '--backend "tpu": expected one of cpu, webgpu',
    ],
    ['sizes that are none', ['detect', '--max', '5'], '--max "5": expected HEIGHTxWIDTH'],
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
