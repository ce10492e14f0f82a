import { describe, expect, it } from 'vitest';
import { chooseImages } from './images.ts';
import { madeUpDataset } from './test-support/made-up.ts';

const dataset = madeUpDataset(1000);
const settings = { full: false, limit: undefined, sampleSize: 50 };

describe('chooseImages', () => {
  it('draws a sample that is the same for good, as many of each class', () => {
    const { indices, ...chosen } = chooseImages(dataset, 'sample', settings);
    expect(chosen).toEqual({
      how: 'stratified',
      seed: 0,
      // Anything else would make results of two versions be about different images.
      idsHash: '5dbc382a3390c160e04a2cf69e908bdd5c1f40a61ee67d37475b61d8728f92ef',
      partial: false,
    });
    const perClass = Map.groupBy(indices, (index) => index % 10);
    expect([...perClass.values()].map((found) => found.length)).toEqual(Array(10).fill(5));
  });

  it('takes everything where a row or the user asks for it, or the sample is no smaller', () => {
    const all = chooseImages(dataset, 'all', settings);
    expect(all).toMatchObject({ how: 'all', seed: null, partial: false });
    expect(all.indices).toHaveLength(1000);
    expect(chooseImages(dataset, 'sample', { ...settings, full: true })).toEqual(all);
    expect(chooseImages(dataset, 'sample', { ...settings, sampleSize: 1000 })).toEqual(all);
  });

  it('takes the first images under a limit and calls them partial, whatever else is asked for', () => {
    for (const full of [false, true]) {
      const few = chooseImages(dataset, 'all', { ...settings, full, limit: 3 });
      expect(few).toMatchObject({ how: 'limit', seed: null, indices: [0, 1, 2], partial: true });
    }
    expect(chooseImages(dataset, 'sample', { ...settings, limit: 5000 })).toMatchObject({ partial: true });
  });

  it('refuses a limit that is no number of images', () => {
    for (const limit of [0, -1, 1.5, Number.NaN]) {
      expect(() => chooseImages(dataset, 'all', { ...settings, limit })).toThrow('--limit');
    }
  });
});
