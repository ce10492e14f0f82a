import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { plainMambaPositionEmbedding } from './position-embedding.ts';
import { plainMambaSpec } from './spec.ts';

const { bicubic } = JSON.parse(
  readFileSync(new URL('../../testdata/torch.json', import.meta.url), 'utf8'),
) as { bicubic: { from: [number, number]; to: [number, number]; embedding: number[]; resized: number[] }[] };

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
  it.each(bicubic)('resized from $from to $to is PyTorch’s', ({ from, to, embedding, resized }) => {
    const ours = plainMambaPositionEmbedding(specOf(from, to), embedding);
    expect(ours.length).toBe(resized.length);
    // Both in double precision: values up to 40, and coordinates up to 14 that cost the weights four bits.
    for (const [i, value] of ours.entries()) expect(Math.abs(value - resized[i])).toBeLessThan(1e-12);
  });

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
});
