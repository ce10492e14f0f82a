import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { fashionMnistDir, openFashionMnist } from './fashion-mnist.ts';
import { readIdx } from './idx.ts';
import { temporaryFolder } from './test-support/test-data.ts';

const imageFile = 't10k-images-idx3-ubyte';
const labelFile = 't10k-labels-idx1-ubyte';

function copy(): string {
  const dir = temporaryFolder();
  for (const name of [imageFile, labelFile]) {
    cpSync(join(fashionMnistDir, `${name}.gz`), join(dir, `${name}.gz`));
  }
  return dir;
}

describe('openFashionMnist', () => {
  it('opens the embedded 10,000 images, 1,000 of each class', async () => {
    const dataset = await openFashionMnist();
    expect(dataset.samples).toHaveLength(10_000);
    const counts = new Array(10).fill(0);
    for (const { label } of dataset.samples) counts[label]++;
    expect(counts).toEqual(new Array(10).fill(1000));
    expect(dataset.samples[42]).toEqual({ index: 42, id: 't10k-00042', label: expect.any(Number) });
    expect([dataset.channels, dataset.height, dataset.width]).toEqual([1, 28, 28]);
    expect(dataset.checksum).toMatch(/^[0-9a-f]{64}$/);
  });

  it('loads the first image: an ankle boot on a black ground', async () => {
    const dataset = await openFashionMnist();
    expect(dataset.classes[dataset.samples[0].label]).toBe('Ankle boot');
    const { data } = await dataset.preview(0);
    const pixels = await dataset.load(0);
    const stored = gunzipSync(readFileSync(join(fashionMnistDir, `${imageFile}.gz`))).subarray(16, 16 + 784);
    expect(Array.from(data.filter((_, at) => at % 3 === 0))).toEqual(Array.from(stored));
    // float32 of (value / 255 - 0.2860) / 0.3530: three roundings of numbers below 2.1
    stored.forEach((value, at) => {
      expect(Math.abs(pixels[at] - (value / 255 - 0.286) / 0.353)).toBeLessThan(5e-7);
    });
  });

  it('refuses an index outside the split', async () => {
    const dataset = await openFashionMnist();
    await expect(dataset.load(10_000)).rejects.toThrow('no sample 10000 among 10000');
  });

  it('reads unpacked files to the same checksum', async () => {
    const dir = temporaryFolder();
    for (const name of [imageFile, labelFile]) {
      writeFileSync(join(dir, name), gunzipSync(readFileSync(join(fashionMnistDir, `${name}.gz`))));
    }
    expect((await openFashionMnist(dir)).checksum).toBe((await openFashionMnist()).checksum);
  });

  it('names a missing file', async () => {
    await expect(openFashionMnist(temporaryFolder())).rejects.toThrow(`${imageFile}.gz is missing`);
  });

  it('notices one changed pixel', async () => {
    const dir = copy();
    const path = join(dir, `${imageFile}.gz`);
    const bytes = gunzipSync(readFileSync(path));
    bytes[1000] ^= 1;
    writeFileSync(path, gzipSync(bytes, { level: 1 }));
    await expect(openFashionMnist(dir)).rejects.toThrow(/SHA-256 [0-9a-f]{64} is not the published/);
  });

  it('notices a label file of another count', async () => {
    const dir = copy();
    const labels = Buffer.concat([Buffer.from([0, 0, 8, 1, 0, 0, 0, 3]), Buffer.from([1, 2, 3])]);
    writeFileSync(join(dir, `${labelFile}.gz`), gzipSync(labels));
    await expect(openFashionMnist(dir)).rejects.toThrow('3 entries, the published file has 10000');
  });
});

describe('readIdx', () => {
  const header = [0, 0, 8, 1, 0, 0, 0, 2];
  const written = (bytes: Uint8Array) => join(temporaryFolder({ file: bytes }), 'file');

  it('reads shape and values', () => {
    const { shape, data } = readIdx(written(Buffer.from([...header, 7, 9])), 1, 100);
    expect(shape).toEqual([2]);
    expect(Array.from(data)).toEqual([7, 9]);
  });

  it.each([
    ['a header cut short', header.slice(0, 6), 'not an IDX file'],
    ['another element type', [0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0], 'not an IDX file'],
    ['another number of axes', [0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 1, 5], 'not an IDX file'],
    ['too few values', [...header, 7], '1 values where the header says 2'],
    ['too many values', [...header, 7, 8, 9], '3 values where the header says 2'],
    [
      'a size beyond memory',
      [0, 0, 8, 1, 255, 255, 255, 255, 1],
      '1 values where the header says 4294967295',
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readIdx(written(Buffer.from(bytes)), 1, 100)).toThrow(UserError);
    expect(() => readIdx(written(Buffer.from(bytes)), 1, 100)).toThrow(message);
  });

  it('stops unpacking at the bound', () => {
    const bomb = written(gzipSync(Buffer.alloc(10_000)));
    expect(() => readIdx(bomb, 1, 100)).toThrow('cannot be unpacked');
  });

  it('refuses a file longer than the bound', () => {
    expect(() => readIdx(written(Buffer.alloc(101)), 1, 100)).toThrow('101 bytes, expected at most 100');
  });

  it('names the file of the training split that is missing', async () => {
    await expect(openFashionMnist(copy(), 'train')).rejects.toThrow('train-images-idx3-ubyte.gz is missing');
  });
});
