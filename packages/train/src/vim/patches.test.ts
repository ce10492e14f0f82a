import { vimSpec } from '@vssm/families';
import { expect, it } from 'vitest';
import { patchesOf } from './patches.ts';

it('patches overlap where the stride is smaller than the patch', () => {
  const spec = vimSpec({
    width: 4,
    depth: 1,
    imageHeight: 3,
    imageWidth: 3,
    inChannels: 1,
    patchSize: 2,
    stride: 1,
  });
  expect([...patchesOf(spec, [1, 2, 3, 4, 5, 6, 7, 8, 9])]).toEqual([
    ...[1, 2, 4, 5],
    ...[2, 3, 5, 6],
    ...[4, 5, 7, 8],
    ...[5, 6, 8, 9],
  ]);
});
