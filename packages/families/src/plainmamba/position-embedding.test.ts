import { describe, expect, it } from 'vitest';
import { plainMambaPositionEmbedding } from './position-embedding.ts';
import { plainMambaSpec } from './spec.ts';

const specOf = ([positionRows, positionColumns]: [number, number], [height, width]: [number, number]) =>
  plainMambaSpec({
    width: 2,
    depth: 1,
    stemConvs: 0,
    patchSize: 4,
    positionRows,
    positionColumns,
    imageHeight: 4 * height,
    imageWidth: 4 * width,
  });

describe('position embedding', () => {
  it('of the trained grid is left as it is', () => {
    const embedding = Array.from({ length: 24 }, (_, i) => Math.sin(i));
    expect([...plainMambaPositionEmbedding(specOf([3, 4], [3, 4]), embedding)]).toEqual(embedding);
  });

  it('is resized between grids of equally many cells', () => {
    const embedding = Array.from({ length: 24 }, (_, i) => i);
    const turned = plainMambaPositionEmbedding(specOf([3, 4], [4, 3]), embedding);
    expect([...turned]).not.toEqual(embedding);
    expect(turned.length).toBe(24);
  });

  it('of one row stays that row on a larger grid', () => {
    expect([...plainMambaPositionEmbedding(specOf([1, 1], [2, 2]), [3, -1])]).toEqual([
      3, -1, 3, -1, 3, -1, 3, -1,
    ]);
  });
});
