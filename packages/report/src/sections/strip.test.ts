import { describe, expect, it } from 'vitest';
import { keptPatches } from './strip.ts';

describe('keptPatches', () => {
  it('leaves the class token out and counts on past it', () => {
    // Four patches with the class token at position 2: positions 0 1 | 2 | 3 4 are patches 0 1 | - | 2 3.
    expect([...keptPatches([0, 2, 3], [2], 4)]).toEqual([0, 2]);
    expect([...keptPatches([0, 1, 3], [], 4)]).toEqual([0, 1, 3]);
    // Two registers, at 1 and 4, among four patches.
    expect([...keptPatches([0, 1, 3, 4, 5], [1, 4], 4)]).toEqual([0, 2, 3]);
  });

  it('ignores positions beyond the grid', () => {
    expect([...keptPatches([4, 99], [2], 4)]).toEqual([3]);
  });
});
