/** `vssm explain`: what it draws, what it writes for programs, and what it refuses before anything is written. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { referenceBackend } from '@vssm/backend';
import { readCheckpoint, readSafetensors, writeSafetensors } from '@vssm/checkpoints';
import { decodeImage, encodePng, openFashionMnist, type RgbImage } from '@vssm/datasets';
import {
  type ModelSpec,
  mambaRegSpec,
  plainMambaSpec,
  pruningPlan,
  randomWeights,
  tokenGrid,
  videoMambaSpec,
  vimSpec,
} from '@vssm/families';
import { loadModel } from '@vssm/families/checkpoint';
import { heatColour, heatShare } from '@vssm/report/heat';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embeddedCheckpoint } from '../options/model.ts';
import { type Runner, startRunner } from '../test-support/run-in-turn.ts';
import { drawExplained } from './draw.ts';
import { FileNames } from './file-names.ts';
import { Lettering } from './lettering.ts';

let folder: string;
let runner: Runner;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-explain-'));
  const { CI: _, ...env } = process.env;
  runner = startRunner({ ...env, INIT_CWD: '' });
});
afterAll(async () => {
  await runner.stop();
  rmSync(folder, { recursive: true, force: true });
});

const explain = (...args: string[]) => runner.run(['explain', ...args, '--threads', '1'], folder);

async function explained(...args: string[]) {
  const { code, stdout, stderr } = await explain(...args, '--json');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

describe('on the embedded data', () => {
  const schedule = '2,5@0.6';

  it('writes what the reference reads of each token, and pictures of it', async () => {
    const result = await explained('--limit', '3', '--prune', schedule, '--out', 'maps');
    expect(result).toMatchObject({ count: 3, block: null, grid: { height: 7, width: 7 }, failed: [] });
    expect(result.pictures[0]).toMatchObject({
      id: 't10k-00000',
      file: 't10k-00000.png',
      name: 'Ankle boot',
    });
    expect(readdirSync(join(folder, 'maps')).sort()).toEqual([
      'contributions.safetensors',
      ...['t10k-00000.png', 't10k-00001.png', 't10k-00002.png'],
    ]);

    const { tensors, metadata } = await readSafetensors(join(folder, 'maps/contributions.safetensors'));
    const { spec, weights } = loadModel(await readCheckpoint(embeddedCheckpoint));
    const plan = pruningPlan({ schedule: [2, 5].map((after) => ({ after, keep: 0.6 })) }, 'vim');
    const dataset = await openFashionMnist();
    const model = await referenceBackend.load({ spec, weights, plan, contributions: true });
    const expected = await model.run({ pixels: await dataset.load(1), size: 1, samples: [1] });
    for (const [block, { scores, positions }] of expected.contributions!) {
      const { shape, data } = tensors.get(`contributions.${block}`)!;
      const length = positions.length;
      expect(shape).toEqual([3, length]);
      const largest = Math.max(...scores);
      for (let i = 0; i < length; i++) {
        expect(Math.abs(Number(data[length + i]) - scores[i])).toBeLessThan(2e-5 * largest);
      }
      const places = [...tensors.get(`positions.${block}`)!.data].slice(length, 2 * length);
      expect(places.map(Number)).toEqual([...positions]);
    }
    expect(expected.contributions!.size).toBe(spec.depth);

    const { shape, data } = tensors.get('map')!;
    expect(shape).toEqual([3, 7, 7]);
    expect([...data].slice(0, 49).reduce((sum, part) => Number(sum) + Number(part), 0)).toBeCloseTo(1, 5);
    expect(tensors.get('logits')!.shape).toEqual([3, 10]);
    expect(tensors.get('kept.5')!.shape[0]).toBe(3);
    const seen = await dataset.preview(1);
    expect(JSON.parse(metadata.images_sha256)[1]).toBe(createHash('sha256').update(seen.data).digest('hex'));
    expect(metadata.checkpoint_sha256).toBe(
      createHash('sha256').update(readFileSync(embeddedCheckpoint)).digest('hex'),
    );
    expect(JSON.parse(metadata.images)).toEqual(['t10k-00000', 't10k-00001', 't10k-00002']);
    await dataset.close();
  });

  it('is said in words, and one block may be drawn alone', async () => {
    const { code, stdout } = await explain('--limit', '1', '--block', '8', '--out', 'last');
    expect(code).toBe(0);
    expect(stdout).toMatch(/t10k-00000\.png +Ankle boot, 93 %; most of it from row \d, column \d: [\d.]+ %/);
    const { tensors, metadata } = await readSafetensors(join(folder, 'last/contributions.safetensors'));
    expect(metadata.map).toBe('block 8');
    const own = [...tensors.get('contributions.8')!.data].map(Number);
    own.splice(24, 1);
    const sum = own.reduce((total, value) => total + value);
    const drawn = [...tensors.get('map')!.data].map(Number);
    for (const [cell, value] of own.entries()) expect(drawn[cell]).toBeCloseTo(value / sum, 6);
  });
});

describe('every family', () => {
  const shape = {
    width: 8,
    depth: 2,
    stateSize: 4,
    imageHeight: 32,
    imageWidth: 32,
    patchSize: 8,
    classes: 3,
  };
  const specs: readonly ModelSpec[] = [
    vimSpec({ ...shape, stride: 8 }),
    videoMambaSpec({ ...shape, stride: 8 }),
    mambaRegSpec({ ...shape, stride: 8, registers: 2, reduction: 1 }),
    plainMambaSpec({ ...shape, stemConvs: 0, stemWidth: 4, positionRows: 4, positionColumns: 4 }),
  ];
  beforeAll(async () => {
    mkdirSync(join(folder, 'photos'));
    const data = Uint8Array.from({ length: 3 * 40 * 36 }, (_, i) => (i * 37) % 251);
    writeFileSync(join(folder, 'photos/a.png'), await encodePng({ width: 40, height: 36, data }));
    writeFileSync(join(folder, 'photos/b.jpg'), 'no picture');
  });

  it.each(specs.map((spec) => [spec.family, spec] as const))(
    '%s, and an image that cannot be read',
    async (family, spec) => {
      await writeSafetensors(join(folder, `${family}.safetensors`), randomWeights(spec, 1));
      const { code, stdout, stderr } = await explain(
        ...['--checkpoint', `${family}.safetensors`, '--family', family, '--images', 'photos'],
        ...['--prune', '1@0.5', '--out', family],
      );
      expect(code, stderr).toBe(1);
      expect(stdout).toContain('no answer for image b.jpg');
      expect(readdirSync(join(folder, family)).sort()).toEqual(['a.png', 'contributions.safetensors']);
      const { tensors, metadata } = await readSafetensors(join(folder, family, 'contributions.safetensors'));
      const { height, width } = tokenGrid(spec);
      const map = [...tensors.get('map')!.data].map(Number);
      expect(map.slice(0, height * width).reduce((sum, part) => sum + part)).toBeCloseTo(1, 5);
      expect(map.slice(height * width).every(Number.isNaN)).toBe(true);
      expect(JSON.parse(metadata.images_sha256)[1]).toBeNull();
    },
  );
});

describe('refuses, and writes nothing', () => {
  it.each([
    [['--out', 'photos'], '--out photos: exists already; name a new folder'],
    [['--out', 'new', '--block', '9'], '--block 9: the model has 8 blocks'],
    [['--out', 'new', '--images', 'photos', '--data', 'x'], 'give one of the two'],
    [['--out', 'new', '--recipe', 'fashion-mnist'], 'goes with --images'],
    [['--out', 'missing/new'], 'its folder is not there'],
    [['--out', 'new', '--images', 'nowhere'], 'nowhere'],
    [['--out', 'new', '--model', 'vim-tiny', '--limit', '1'], 'gives 1x28x28, the model takes 3x224x224'],
  ])('%j', async (args, message) => {
    const before = readdirSync(folder);
    const { code, stdout, stderr } = await explain(...args);
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe('a drawing', () => {
  it('has the colour of each cell over the grey of the picture, and the patches that are gone', async () => {
    const grey = 100;
    const seen: RgbImage = { width: 2, height: 2, data: new Uint8Array(12).fill(grey) };
    const map = Float64Array.from([0, 0.1, 0.2, 0.4]);
    const drawing = { seen, grid: { height: 2, width: 2 }, map, title: '', subtitle: '', blocks: '' };
    const lettering = await Lettering.open();
    const side = 384;
    const pixelAt = ({ data, width }: RgbImage, panel: number, row: number, column: number) => {
      const top = 16 + 2 * (lettering.height + 4) + 6;
      const y = top + (row * side) / 2 + side / 4;
      const x = 16 + panel * (side + 16) + (column * side) / 2 + side / 4;
      return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
    };
    const dense = drawExplained({ ...drawing, kept: null }, lettering);
    for (const [cell, value] of map.entries()) {
      const expected = heatColour(value / 0.4).map((channel) => grey + heatShare * (channel - grey));
      const got = pixelAt(dense, 1, Math.floor(cell / 2), cell % 2);
      for (const [i, channel] of got.entries())
        expect(Math.abs(channel - expected[i])).toBeLessThanOrEqual(1);
    }
    const pruned = drawExplained({ ...drawing, kept: new Set([0, 3]) }, lettering);
    expect(pixelAt(pruned, 1, 0, 0)).toEqual([grey, grey, grey]);
    expect(pixelAt(pruned, 1, 0, 1)).not.toEqual([grey, grey, grey]);
    expect(pixelAt(pruned, 2, 1, 1)).toEqual(pixelAt(dense, 1, 1, 1));
  });

  it('is lettered in any alphabet, as far as there is room', async () => {
    const lettering = await Lettering.open();
    expect(lettering.width('Ω')).not.toBe(lettering.width('?'));
    expect(lettering.width('猫')).toBe(lettering.width('?'));
    expect(lettering.width('ǎ')).toBe(lettering.width('a'));
    const cut = lettering.fitting('a very long name', 60);
    expect(cut).toMatch(/^a ve.*…$/);
    expect(lettering.width(cut)).toBeLessThanOrEqual(60);
    const onto = { width: 40, height: 20, data: new Uint8Array(3 * 40 * 20) };
    lettering.draw(onto, 'I', -1, 0, [255, 0, 0]);
    expect(onto.data.some((value, i) => i % 3 === 0 && value > 100)).toBe(true);
    expect(onto.data.every((value, i) => i % 3 === 0 || value === 0)).toBe(true);
    const again = await decodeImage(await encodePng(onto), 'x.png');
    expect([...again.data]).toEqual([...onto.data]);
  });

  it('has a name that no other one has, and that stays in its folder', () => {
    const files = new FileNames();
    expect(['a.jpg', 'a.png', 'a.jpg', 'n1/b.JPEG', '../c', 'A.webp'].map((id) => files.of(id))).toEqual([
      ...['a.png', 'a.png.png', 'a.jpg.png', 'n1_b.png', '.._c.png', 'A.webp.png'],
    ]);
  });
});
