import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createKernels } from '../kernels.ts';
import { relativeError } from '../test-support/differences.ts';
import { describeImplementations } from '../test-support/implementations.ts';
import { RandomCase } from '../test-support/random-case.ts';
import { type DeformableOptions, deformableReference } from './deformable.ts';

/** Relative to the largest value: places in cells are good to 1e-5 at 100 cells, and so are the shares that they give. */
const tolerance = 3e-5;

interface Shape {
  readonly queries: number;
  readonly heads: number;
  readonly share: number;
  readonly points: number;
  readonly grids: readonly (readonly [height: number, width: number])[];
}

/** @param reach of the offsets, in cells: points beyond the grid are among them */
function attentionCase(
  seed: number,
  { queries, heads, share, points, grids }: Shape,
  reach = 4,
): [RandomCase, DeformableOptions] {
  const data = new RandomCase(seed);
  const cells = grids.reduce((sum, [height, width]) => sum + height * width, 0);
  const samples = heads * grids.length * points;
  const channels = heads * share;
  const rows = (count: number, width: number, low: number, high: number) =>
    data.rows(1, count, width, () => data.between(low, high));
  return [
    data,
    {
      ...{ queries, channels, heads, points, levels: grids.length, grids: data.integers(grids.flat()) },
      references: rows(queries, 2, 0, 1),
      offsets: rows(queries, 2 * samples, -reach, reach),
      scores: rows(queries, samples, -5, 5),
      values: rows(cells, channels, -1, 1),
      to: rows(queries, channels, 0, 0),
    },
  ];
}

describeImplementations('deformable attention against its twin', (implementation) => {
  const errorOf = async (data: RandomCase, options: DeformableOptions) => {
    const { memory } = data.arena;
    const want = deformableReference(memory.buffer, options);
    const canaries = data.canaries();
    (await createKernels(memory, { implementation })).deformable(options);
    expect(data.canaries()).toBe(canaries);
    return relativeError(data.read(options.to, 1, options.queries, options.channels), want);
  };

  it('on 300 random shapes', async () => {
    const shapes: fc.Arbitrary<Shape> = fc.record({
      queries: fc.integer({ min: 1, max: 40 }),
      heads: fc.integer({ min: 1, max: 6 }),
      share: fc.integer({ min: 1, max: 70 }),
      points: fc.integer({ min: 1, max: 5 }),
      grids: fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })), {
        minLength: 1,
        maxLength: 4,
      }),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer(), shapes, async (seed, shape) => {
        // A case in which no point falls onto the grid says nothing, but all in one may.
        const [data, options] = attentionCase(seed, shape);
        const want = deformableReference(data.arena.memory.buffer, options);
        if (want.every((value) => value === 0)) return;
        expect(await errorOf(data, options)).toBeLessThan(tolerance);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('at the size of an injector of PlainMamba-L1', async () => {
    const shape = { queries: 500, heads: 6, share: 32, points: 4 } as const;
    const grids = [
      [100, 168],
      [50, 84],
      [25, 42],
    ] as const;
    expect(await errorOf(...attentionCase(2, { ...shape, grids }, 20))).toBeLessThan(tolerance);
  });

  it('weighs cells by their distance, and what lies outside the grid as zero', async () => {
    // One head of one channel on a 2 x 2 grid with values 1, 10, 100, 1000; equal scores for two points.
    const data = new RandomCase(0);
    const vector = (...values: number[]) => data.vector(values.length, (i) => values[i]);
    const to = { at: vector(0, 0, 0), stride: 1 };
    const options: DeformableOptions = {
      ...{ queries: 3, channels: 1, heads: 1, points: 2, levels: 1, grids: data.integers([2, 2]) },
      references: { at: vector(0.25, 0.25, 0.5, 0.5, 0.75, 0.75), stride: 2 },
      // The first cell and the one to its right; the middle and half a cell up; beyond and beyond; no number.
      offsets: { at: vector(0, 0, 1, 0, 0, 0, 0, -0.5, 0.5, 0, 2, 0), stride: 4 },
      scores: { at: vector(3, 3, 3, 3, 3, 3), stride: 2 },
      values: { at: vector(1, 10, 100, 1000), stride: 1 },
      to,
    };
    (await createKernels(data.arena.memory, { implementation })).deformable(options);
    const got = [...data.read(to, 1, 3, 1)];
    expect(got[0]).toBeCloseTo((1 + 10) / 2, 5);
    expect(got[1]).toBeCloseTo((1111 / 4 + 11 / 2) / 2, 3);
    expect(got[2]).toBeCloseTo(1000 / 2 / 2, 3);
  });

  it('takes nothing from a point that is no number', async () => {
    const [data, options] = attentionCase(3, { queries: 1, heads: 1, share: 9, points: 1, grids: [[3, 3]] });
    new Float32Array(data.arena.memory.buffer).fill(
      Number.NaN,
      options.offsets.at / 4,
      options.offsets.at / 4 + 2,
    );
    (await createKernels(data.arena.memory, { implementation })).deformable(options);
    expect([...data.read(options.to, 1, 1, 9)]).toEqual(Array(9).fill(0));
  });

  it('names what is wrong with a call', async () => {
    const [data, options] = attentionCase(4, { queries: 2, heads: 2, share: 3, points: 2, grids: [[2, 3]] });
    const kernels = await createKernels(data.arena.memory, { implementation });
    const wrong = (change: Partial<DeformableOptions>) => () => kernels.deformable({ ...options, ...change });
    expect(wrong({})).not.toThrow();
    expect(wrong({ channels: 5 })).toThrow('channels is 5, expected a multiple of the 2 heads');
    expect(wrong({ points: 65 })).toThrow('points is 65, expected a whole number from 1 to 64');
    expect(wrong({ grids: data.integers([2, 0]) })).toThrow('grids[0].width is 0');
    expect(wrong({ grids: data.integers([2 ** 15, 2 ** 15]) })).toThrow('values.imageStride is');
    expect(wrong({ offsets: { ...options.offsets, stride: 7 } })).toThrow('offsets.stride is 7');
    expect(wrong({ to: { at: 64, stride: 6 } })).toThrow('to is at byte 64');
  });
});
