/** `vssm train --task segment` and `finetune --task segment`, on the committed scenes; what they leave, `vssm segment` reads. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeLabelMap, encodePng } from '@vssm/datasets';
import { type EpochLine, readLog } from '@vssm/train';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const datasets = fileURLToPath(new URL('../../../datasets', import.meta.url));
const scenes = join(datasets, 'fashion-scenes/testdata');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-cli-segmenter-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function vssm(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
    });
  });
}

async function json(...args: string[]) {
  const { code, stdout, stderr } = await vssm(...args, '--json');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

const short = ['--batch', '8', '--micro-batch', '4', '--threads', '1', '--data', scenes];

/** What `vssm segment` says of a run's model, and what its log says of it. */
async function both(out: string, ...prune: string[]) {
  const said = await json(
    ...['segment', '--checkpoint', join(out, 'model.safetensors'), '--data', scenes],
    ...['--max', '64x64', '--threads', '1', ...prune],
  );
  const epochs = readLog(join(folder, out, 'train.jsonl')).filter((line) => line.kind === 'epoch');
  const { mIoU, mAcc, aAcc } = said;
  return {
    segment: { count: said.images, miou: 100 * mIoU, macc: 100 * mAcc, aacc: 100 * aAcc },
    log: (epochs as EpochLine[]).map(({ test }) => test),
  };
}

describe('a segmenter', () => {
  it('is trained on a classifier’s backbone, then pruned; mIoU is what vssm segment says of the file', async () => {
    const dense = await json('train', '--task', 'segment', ...short, '--epochs', '2', '--out', 'dense');
    const first = await both('dense');
    expect(first.log).toHaveLength(2);
    expect({ ...first.segment, split: 'validation' }).toEqual(first.log[1]);
    expect(dense.test).toEqual(first.log[1]);
    expect(first.segment.count).toBe(24);

    const prune = ['--prune', '2,4,6@0.7', '--signal', 'evit', '--alignment', 'none'];
    const from = ['--checkpoint', 'dense/model.safetensors', '--lr', '1e-3'];
    await json('finetune', '--task', 'segment', ...from, ...short, ...prune, '--out', 'pruned');
    const second = await both('pruned', ...prune);
    expect({ ...second.segment, split: 'validation' }).toEqual(second.log[0]);
    // Dense, the same weights say something else.
    expect((await both('pruned')).segment).not.toEqual(second.segment);
  }, 300_000);
});

describe('refuses', () => {
  const train = ['train', '--task', 'segment', '--data', scenes, '--out', 'a'];
  const finetune = ['finetune', '--task', 'segment', '--data', scenes, '--out', 'a'];
  it.each<[string, string[], string]>([
    [
      'a shape beside the backbone’s',
      [...train, '--width', '8'],
      '--width: a segmenter has the shape of its --backbone',
    ],
    [
      'a Vim',
      [...train, '--backbone', join(datasets, 'fashion-mnist/vim-nano-fmnist.pth')],
      'backbone: is a vim',
    ],
    ['what is of classifiers', [...train, '--held-out'], '--held-out is of classifiers; leave it out'],
    ['an order of classes', [...train, '--class-order', 'text'], '--class-order is of classifiers'],
    [
      'a segmenter’s options for a classifier',
      ['train', '--data', '.', '--out', 'a', '--channels', '8'],
      '--channels is of segmenters; it goes with --task segment',
    ],
    [
      'a shape beside the checkpoint’s',
      [...finetune, '--checkpoint', 'a.safetensors', '--image-size', '128x128'],
      '--image-size: a segmenter is what its --checkpoint says',
    ],
    ['no checkpoint', finetune, '--task segment: give --checkpoint FILE, an UperNet'],
    [
      'a classifier',
      [...finetune, '--checkpoint', join(datasets, 'fashion-mnist/plainmamba-nano.safetensors')],
      'is a classifier',
    ],
    ['another task', ['train', '--task', 'detect', '--data', scenes, '--out', 'a'], '--task "detect"'],
    [
      'another layout',
      ['train', '--task', 'segment', '--data', '.', '--out', 'a'],
      'no images/training in it',
    ],
  ])('%s', async (_, args, message) => {
    const { code, stderr } = await vssm(...args);
    expect(stderr).toContain(message);
    expect(code).toBe(1);
  });

  it('scenes that a model would see scaled', async () => {
    const size = { height: 60, width: 60 };
    for (const split of ['training', 'validation']) {
      const [images, maps] = ['images', 'annotations'].map((part) => join(folder, 'odd', part, split));
      for (const place of [images, maps]) mkdirSync(place, { recursive: true });
      writeFileSync(join(images, 'a.png'), await encodePng({ ...size, data: new Uint8Array(3 * 60 * 60) }));
      writeFileSync(join(maps, 'a.png'), await encodeLabelMap(new Uint8Array(60 * 60).fill(1), size));
    }
    const { code, stderr } = await vssm('train', '--task', 'segment', '--data', 'odd', '--out', 'a');
    expect(stderr).toContain(
      'odd: scenes of 60x60; a segmenter is trained on sides that are multiples of 32',
    );
    expect(code).toBe(1);
    expect(existsSync(join(folder, 'a'))).toBe(false);
  });
});
