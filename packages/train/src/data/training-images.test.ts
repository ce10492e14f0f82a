import { describe, expect, it } from 'vitest';
import { epochOrder } from './training-images.ts';

describe('the order of an epoch', () => {
  const images = Array.from({ length: 50 }, (_, i) => i);

  it('holds every image once, the same for a seed and epoch, another for others', () => {
    const order = epochOrder(images, 1, 2);
    expect([...order].sort((a, b) => a - b)).toEqual(images);
    expect(epochOrder(images, 1, 2)).toEqual(order);
    expect(epochOrder(images, 1, 3)).not.toEqual(order);
    expect(epochOrder(images, 2, 2)).not.toEqual(order);
  });
});
