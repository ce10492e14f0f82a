import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { batchNormAffine, convolve, depthwiseOnGrid, erf, gelu } from './grid-layers.ts';

interface Curve {
  readonly x: number[];
  readonly y: number[];
}
const torch = JSON.parse(readFileSync(new URL('../../testdata/torch.json', import.meta.url), 'utf8')) as {
  erf: Curve;
  gelu: Curve;
};

describe('erf and GELU', () => {
  it('are PyTorch’s in double precision', () => {
    for (const [i, x] of torch.erf.x.entries()) {
      // A few units in the last place of values up to 1.
      expect(Math.abs(erf(x) - torch.erf.y[i]), `erf(${x})`).toBeLessThan(1e-15);
    }
    for (const [i, x] of torch.gelu.x.entries()) {
      const scale = Math.max(1, Math.abs(x));
      expect(Math.abs(gelu(x) - torch.gelu.y[i]), `gelu(${x})`).toBeLessThan(1e-15 * scale);
    }
  });

  it('do not jump where the series gives way to the continued fraction', () => {
    for (const x of [3, 6]) expect(Math.abs(erf(x + 1e-12) - erf(x))).toBeLessThan(1e-15);
  });
});

describe('convolve', () => {
  const plane = { channels: 1, height: 3, width: 3, values: Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9) };

  it('steps, pads at the top and the left, and takes zeros beyond the bottom and the right', () => {
    const weight = [1, 10, 100, 1000];
    const shape = { outputs: 1, kernel: 2, stride: 2, outputHeight: 2, outputWidth: 2 };
    expect([...convolve(plane, weight, { ...shape, padding: 0 }).values]).toEqual([5421, 603, 87, 9]);
    expect([...convolve(plane, weight, { ...shape, padding: 1 }, [0.5]).values]).toEqual([
      1000.5, 3200.5, 7040.5, 9865.5,
    ]);
  });
});

describe('depthwiseOnGrid', () => {
  const weight = [1, 2, 3, 4, 5, 6, 7, 8, 9]; // 3x3, one channel
  const grid = { height: 2, width: 3 };

  it('is a zero-padded convolution where every cell holds a token', () => {
    const x = [1, 2, 3, 4, 5, 6];
    const plane = { channels: 1, height: 2, width: 3, values: Float64Array.from(x) };
    const dense = convolve(plane, weight, {
      ...{ outputs: 1, kernel: 3, stride: 1, padding: 1, outputHeight: 2, outputWidth: 3 },
    });
    const cells = [0, 1, 2, 3, 4, 5];
    expect(depthwiseOnGrid(x, cells, grid, weight, 1, 3)).toEqual(dense.values);
  });

  it('reads zero from empty cells, and answers for held ones only', () => {
    // cells 0 and 4 hold 10 and 100: each sees itself in the middle and the other at a corner
    expect([...depthwiseOnGrid([10, 100], [0, 4], grid, weight, 1, 3, [0.5])]).toEqual([
      5 * 10 + 9 * 100 + 0.5,
      5 * 100 + 1 * 10 + 0.5,
    ]);
  });
});

describe('batchNormAffine', () => {
  it('folds mean, variance, weight and bias', () => {
    const { scale, offset } = batchNormAffine([2], [3], [5], [4 - 1e-5]);
    expect(9 * scale[0] + offset[0]).toBeCloseTo(((9 - 5) / 2) * 2 + 3, 12);
  });
});
