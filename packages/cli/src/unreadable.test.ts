/** What commands do about a picture that cannot be read: name it, count it, go on, and try it again. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSafetensors } from '@vssm/checkpoints';
import { latestRecords, readResults } from '@vssm/results';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { vssmIn } from './test-support/vssm.ts';

const testdata = fileURLToPath(new URL('../testdata/eight-pictures', import.meta.url));
const model = ['--checkpoint', join(testdata, 'tiny1000.pth')];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-unreadable-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const vssm = vssmIn();

/** A copy of the data with one picture of zeros, and what stood there. */
function damaged(name: string): { readonly data: string; readonly picture: string; readonly sound: Buffer } {
  const data = join(folder, name);
  cpSync(join(testdata, 'data'), data, { recursive: true });
  const val = join(data, 'val');
  const [inside] = readdirSync(val, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('00000001.JPEG'),
  );
  const picture = join(val, inside);
  const sound = readFileSync(picture);
  writeFileSync(picture, Buffer.alloc(sound.length));
  return { data, picture, sound };
}

describe('vssm eval', () => {
  it('names the picture, is partial, and is no longer once it is repaired', async () => {
    const { data, picture, sound } = damaged('evaluated');
    const out = join(folder, 'run');
    const given = ['eval', ...model, '--dataset', 'imagenet', '--data', data, '--out', out];
    const first = await vssm(...given, '--json');
    expect(first.code, first.stderr).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({
      ...{ count: 7, correct1: 7, partial: true },
      failed: [
        { id: expect.stringContaining('00000001'), error: expect.stringContaining(basename(picture)) },
      ],
    });
    const again = await vssm(...given);
    expect(`${again.stdout}${again.stderr}`).toContain(basename(picture));
    expect(`${again.stdout}${again.stderr}`).toContain('partial, not comparable');

    writeFileSync(picture, sound);
    const repaired = await vssm(...given, '--json');
    expect(repaired.code, repaired.stderr).toBe(0);
    expect(JSON.parse(repaired.stdout)).toMatchObject({ count: 8, top1: 100, failed: [], partial: false });
    const records = latestRecords(readResults(out).records).filter(({ kind }) => kind === 'accuracy');
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ count: 8, sample: { partial: false } });
    // Names stand beside all predictions.
    const [file] = readdirSync(join(out, 'predictions'));
    const lines = readFileSync(join(out, 'predictions', file), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines.filter((line) => line.includes('ILSVRC2012_val_'))).toHaveLength(8);
  });
});

describe('vssm predict', () => {
  it('goes on with the other pictures', async () => {
    const { data, picture } = damaged('predicted');
    const out = join(folder, 'predictions.safetensors');
    const images = join(folder, 'flat');
    mkdirSync(images);
    for (const file of readdirSync(join(data, 'val'), { recursive: true, encoding: 'utf8' })) {
      if (file.endsWith('.JPEG')) cpSync(join(data, 'val', file), join(images, basename(file)));
    }
    const given = ['predict', ...model, '--images', images, '--prune', '1@0.5', '--out', out];
    const { code, stdout, stderr } = await vssm(...given, '--json');
    expect(code, stderr).toBe(1);
    const { count, failed, predictions } = JSON.parse(stdout);
    expect(count).toBe(8);
    expect(failed).toEqual([
      {
        sample: expect.any(Number),
        id: expect.any(String),
        reason: expect.stringContaining(basename(picture)),
      },
    ]);
    expect(predictions).toHaveLength(8);
    const { tensors } = await readSafetensors(out);
    const { data: logits, shape } = tensors.get('logits')!;
    const { data: kept, shape: keptShape } = tensors.get('kept.1')!;
    const { sample } = failed[0];
    const own = (values: ArrayLike<unknown>, width: number, at: number) =>
      Array.from({ length: width }, (_, i) => values[at * width + i]);
    for (let image = 0; image < count; image++) {
      const finite = own(logits, shape[1], image).every((value) => Number.isFinite(value));
      expect(finite, `image ${image}`).toBe(image !== sample);
      const gone = own(kept, keptShape[1], image).every((position) => position === -1n);
      expect(gone, `image ${image}`).toBe(image === sample);
    }
  });

  it('looks at its target before it computes', async () => {
    const out = join(folder, 'missing', 'predictions.safetensors');
    const { code, stderr } = await vssm(
      'predict',
      ...model,
      '--images',
      join(folder, 'nowhere'),
      '--out',
      out,
    );
    expect(code).toBe(1);
    expect(stderr).toContain(`${out}: its folder is not there`);
    expect(existsSync(join(folder, 'missing'))).toBe(false);
  });
});
