import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createKernels } from '../kernels.ts';
import { relativeError } from '../test-support/differences.ts';
import { describeImplementations } from '../test-support/implementations.ts';
import { RandomCase } from '../test-support/random-case.ts';
import { type RoiAlignOptions, roiAlignReference } from './roi-align.ts';

/** Relative to the largest value: shares are rounded to float32 once, sums of some cells follow. */
const tolerance = 1e-6;

interface Shape {
  readonly regions: number;
  readonly channels: number;
  readonly side: number;
  readonly grids: readonly (readonly [height: number, width: number])[];
}

/** Regions of all sizes, some partly or wholly outside, on levels of strides 4, 8, 16 … */
function regionCase(seed: number, shape: Shape): [RandomCase, RoiAlignOptions] {
  const { regions, channels, side, grids } = shape;
  const data = new RandomCase(seed);
  const levels = Array.from({ length: regions }, () => Math.floor(data.between(0, grids.length)));
  const boxes = levels.flatMap((level) => {
    const [height, width] = grids[level];
    const stride = 4 * 2 ** level;
    const [x1, y1] = [data.between(-0.5, 1) * width * stride, data.between(-0.5, 1) * height * stride];
    const reach = () => data.between(0, 1) ** 3;
    return [x1, y1, x1 + reach() * width * stride, y1 + reach() * height * stride];
  });
  const cells = grids.reduce((sum, [height, width]) => sum + height * width, 0);
  const options = {
    ...{ regions, channels, side, levels: grids.length },
    grids: data.integers(grids.flatMap(([height, width], level) => [height, width, 4 * 2 ** level])),
    boxes: data.vector(boxes.length, (i) => boxes[i]),
    boxLevels: data.integers(levels),
    values: data.rows(1, cells, channels, () => data.between(-1, 1)),
    to: data.rows(1, regions * side * side, channels, () => 0),
  };
  return [data, options];
}

describeImplementations('RoIAlign against its twin', (implementation) => {
  const errorOf = async (data: RandomCase, options: RoiAlignOptions) => {
    const { memory } = data.arena;
    const want = roiAlignReference(memory.buffer, options);
    const canaries = data.canaries();
    (await createKernels(memory, { implementation })).roiAlign(options);
    expect(data.canaries()).toBe(canaries);
    const got = data.read(options.to, 1, options.regions * options.side ** 2, options.channels);
    return want.every((value) => value === 0) ? Math.max(...got.map(Math.abs)) : relativeError(got, want);
  };

  it('on 300 random shapes', async () => {
    const shapes: fc.Arbitrary<Shape> = fc.record({
      regions: fc.integer({ min: 1, max: 12 }),
      channels: fc.integer({ min: 1, max: 90 }),
      side: fc.integer({ min: 1, max: 8 }),
      grids: fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 })), {
        minLength: 1,
        maxLength: 4,
      }),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer(), shapes, async (seed, shape) => {
        expect(await errorOf(...regionCase(seed, shape))).toBeLessThan(tolerance);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('averages the samples of a bin, takes the border as it is and nothing from beyond', async () => {
    // A 2 x 4 map with 0 … 7, a pixel to a cell. One bin each: cells 1 and 2 of the first row; one whole cell beyond the right
    // border, whose middle is half a cell off the last one; further away; no width.
    const data = new RandomCase(0);
    const boxes = [...[1, 0, 3, 1], ...[4, 0, 5, 1], ...[6, 0, 7, 1], ...[1, 0, 1, 1]];
    const to = { at: data.vector(4, () => 9), stride: 1 };
    const options: RoiAlignOptions = {
      ...{ regions: 4, channels: 1, side: 1, levels: 1, grids: data.integers([2, 4, 1]) },
      boxes: data.vector(16, (i) => boxes[i]),
      boxLevels: data.integers([0, 0, 0, 0]),
      values: { at: data.vector(8, (i) => i), stride: 1 },
      to,
    };
    (await createKernels(data.arena.memory, { implementation })).roiAlign(options);
    expect([...data.read(to, 1, 4, 1)]).toEqual([1.5, 3, 0, 0]);
  });

  it('names what is wrong with a call', async () => {
    const [data, options] = regionCase(4, { regions: 2, channels: 3, side: 2, grids: [[2, 3]] });
    const kernels = await createKernels(data.arena.memory, { implementation });
    const wrong = (change: Partial<RoiAlignOptions>) => () => kernels.roiAlign({ ...options, ...change });
    const boxes = (value: number) => data.vector(8, (i) => (i === 5 ? value : 0));
    expect(wrong({})).not.toThrow();
    expect(wrong({ boxes: boxes(Number.NaN) })).toThrow('boxes[1][1] is NaN, expected a pixel within');
    expect(wrong({ boxes: boxes(2 ** 30) })).toThrow('boxes[1][1] is 1073741824');
    expect(wrong({ boxLevels: data.integers([0, 1]) })).toThrow(
      'boxLevels[1] is 1, expected a level below 1',
    );
    expect(wrong({ grids: data.integers([2, 4097, 4]) })).toThrow('grids[0].width is 4097');
    expect(wrong({ grids: data.integers([2, 3, 0]) })).toThrow('grids[0].stride is 0');
    expect(wrong({ grids: data.integers([4096, 4096, 4]) })).toThrow('values.imageStride is');
    expect(wrong({ to: { ...options.to, stride: 2 } })).toThrow('to.stride is 2');
  });
});
