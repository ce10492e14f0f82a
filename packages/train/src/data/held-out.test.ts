import type { ImageDataset } from '@vssm/datasets';
import { expect, it } from 'vitest';
import { heldOutImages } from './held-out.ts';
import { chosenImages } from './training-images.ts';

const samples = Array.from({ length: 30 }, (_, index) => ({ index, id: `image ${index}`, label: index % 3 }));
const whole: ImageDataset = {
  ...{ name: 'made up', split: 'train', classes: ['a', 'b', 'c'], samples, checksum: 'ab'.repeat(32) },
  ...{ channels: 1, height: 1, width: 1 },
  load: async (index) => Float32Array.of(index),
  preview: async (index) => ({ width: 1, height: 1, data: Uint8Array.of(index, index, index) }),
  close: async () => {
    throw new Error('not this one’s to close');
  },
};

it('holds exactly what a training leaves out, under the images’ own names', async () => {
  const left = heldOutImages(whole, 21);
  const learned = chosenImages(whole, 21).map((place) => samples[place].id);
  expect(left.samples.map(({ index }) => index)).toEqual(Array.from({ length: 9 }, (_, index) => index));
  expect([...learned, ...left.samples.map(({ id }) => id)].toSorted()).toEqual(
    samples.map(({ id }) => id).toSorted(),
  );
  for (const { index, id, label } of left.samples) {
    const [place] = await left.load(index);
    expect(samples[place]).toMatchObject({ id, label });
    expect((await left.preview(index)).data[0]).toBe(place);
  }
  expect(new Set([0, 1, 2].map((label) => left.samples.filter((one) => one.label === label).length))).toEqual(
    new Set([3]),
  );
  await left.close();
});

it('is told apart from the whole, and from another part', () => {
  const sums = [whole, heldOutImages(whole, 21), heldOutImages(whole, 24)].map(({ checksum }) => checksum);
  expect(new Set(sums).size).toBe(3);
});

it.each([0, 30, 40])('refuses where nothing is left: %d images', (images) => {
  expect(() => heldOutImages(whole, images)).toThrow(
    /--held-out: training on .* leaves none out; give --images/,
  );
});
