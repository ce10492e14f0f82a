import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resizeRows } from './bicubic.ts';

const { bicubic } = JSON.parse(
  readFileSync(new URL('../../testdata/torch.json', import.meta.url), 'utf8'),
) as { bicubic: { from: [number, number]; to: [number, number]; embedding: number[]; resized: number[] }[] };

describe('a grid of rows', () => {
  it.each(bicubic)('resized from $from to $to is PyTorch’s', ({ from, to, embedding, resized }) => {
    const ours = resizeRows(
      embedding,
      2,
      { height: from[0], width: from[1] },
      { height: to[0], width: to[1] },
    );
    expect(ours.length).toBe(resized.length);
    // Both in double precision: values up to 40, and coordinates up to 14 that cost the weights four bits.
    for (const [i, value] of ours.entries()) expect(Math.abs(value - resized[i])).toBeLessThan(1e-12);
  });
});
