import { describe, expect, it } from 'vitest';
import { shardLength } from './shard.ts';

describe('shardLength', () => {
  it('is the number of images that dealing whole batches in turn gives', () => {
    for (const total of [1, 7, 8, 9, 100]) {
      for (const batch of [1, 3, 8, 200]) {
        for (const of of [1, 2, 5, 16]) {
          const dealt = Array.from({ length: of }, () => 0);
          for (let image = 0; image < total; image++) dealt[Math.floor(image / batch) % of]++;
          const lengths = dealt.map((_, at) => shardLength(total, batch, { index: at + 1, of }));
          expect(lengths, `${total} images, batch ${batch}`).toEqual(dealt);
        }
      }
    }
  });
});
