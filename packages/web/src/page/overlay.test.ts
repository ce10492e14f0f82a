/** Which patches of a picture are tinted over. */
import { keptCells, plainMambaModels, vimSpec } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { prunedPath } from './overlay.ts';

// 2x2 patches, and the class token at position 2.
const spec = vimSpec({
  width: 16,
  depth: 1,
  imageHeight: 8,
  imageWidth: 8,
  patchSize: 4,
  stride: 4,
  classes: 2,
});

describe('the overlay', () => {
  it('leaves the class token out and counts cells row by row', () => {
    expect([...keptCells(spec, [0, 2, 4])]).toEqual([0, 3]);
  });

  it('covers what is gone, one unit a cell', () => {
    expect(prunedPath(spec, new Set([0, 3]))).toBe('M1 0h1v1h-1zM0 1h1v1h-1z');
    expect(prunedPath(spec, new Set([0, 1, 2, 3]))).toBe('');
  });

  it('takes positions as cells where there is no class token', () => {
    expect([...keptCells(plainMambaModels['plainmamba-l1'], [0, 100])]).toEqual([0, 100]);
  });
});
