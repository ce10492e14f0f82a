import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createKernels, type Kernels } from '../kernels.ts';
import type { Rows } from '../rows.ts';
import { describeImplementations } from '../test-support/implementations.ts';
import { RandomCase } from '../test-support/random-case.ts';
import { type GridConvOptions, gridConvReference, tapsFirst } from './grid-conv.ts';

/** Relative to the largest value of a case, at least 1: 50 terms of order 1 that partly cancel. */
const tolerance = 3e-6;

interface Shape {
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  readonly kernel: number;
  readonly activation: GridConvOptions['activation'];
}

/** Without `kept` (cells per image) every cell holds a token. */
function gridCase(seed: number, shape: Shape, kept?: number): [RandomCase, GridConvOptions] {
  const { batch, channels, kernel } = shape;
  const cells = shape.rows * shape.columns;
  const length = kept ?? cells;
  const data = new RandomCase(seed);
  const draw = () => data.between(-1, 1);
  return [
    data,
    {
      ...shape,
      length,
      x: data.rows(batch, length, channels, draw),
      weight: data.vector(kernel * kernel * channels, draw),
      bias: data.vector(channels, draw),
      u: data.rows(batch, length, channels, () => 0),
      ...(kept === undefined ? {} : { cells: data.cells(batch, cells, kept) }),
    },
  ];
}

function compare(kernels: Kernels, data: RandomCase, options: GridConvOptions): number {
  const want = gridConvReference(data.arena.memory.buffer, options);
  const canaries = data.canaries();
  kernels.gridConv(options);
  expect(data.canaries()).toBe(canaries);
  const got = data.read(options.u, options.batch, options.length, options.channels);
  let error = 0;
  let scale = 1;
  for (let i = 0; i < want.length; i++) {
    if (!Number.isFinite(got[i])) return Number.POSITIVE_INFINITY;
    error = Math.max(error, Math.abs(got[i] - want[i]));
    scale = Math.max(scale, Math.abs(want[i]));
  }
  return error / scale;
}

describeImplementations('gridConv', (implementation) => {
  const kernelsOver = ({ arena }: RandomCase) => createKernels(arena.memory, { implementation });
  const errorOf = async (data: RandomCase, options: GridConvOptions) =>
    compare(await kernelsOver(data), data, options);

  it('agrees with its twin on 500 random grids, whole and with empty cells', async () => {
    const shapes: fc.Arbitrary<Shape> = fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      rows: fc.integer({ min: 1, max: 9 }),
      columns: fc.integer({ min: 1, max: 9 }),
      channels: fc.integer({ min: 1, max: 45 }),
      kernel: fc.constantFrom(1, 3, 5, 7, 11),
      activation: fc.constantFrom('silu', 'none'),
    });
    const keep = fc.option(fc.double({ min: 0, max: 1, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(fc.integer(), shapes, keep, async (seed, shape, share) => {
        const cells = shape.rows * shape.columns;
        const kept = share === null ? undefined : Math.max(1, Math.ceil(cells * share));
        expect(await errorOf(...gridCase(seed, shape, kept))).toBeLessThan(tolerance);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it('agrees at the size of PlainMamba-L1', async () => {
    const shape = { batch: 1, rows: 14, columns: 14, channels: 384, kernel: 7, activation: 'silu' } as const;
    expect(await errorOf(...gridCase(1, shape))).toBeLessThan(tolerance);
    expect(await errorOf(...gridCase(2, shape, 98))).toBeLessThan(tolerance);
  });

  it('agrees on a grid that is worked on in bands', async () => {
    // 3600 cells are in scratch at once: 14 rows of 250, ten of them margins.
    const shape = { batch: 1, rows: 20, columns: 240, channels: 9, kernel: 11, activation: 'none' } as const;
    expect(await errorOf(...gridCase(3, shape))).toBeLessThan(tolerance);
    expect(await errorOf(...gridCase(3, shape, 2500))).toBeLessThan(tolerance);
  });

  it('with nothing pruned, listing all cells changes no bit', async () => {
    const shape = { batch: 2, rows: 5, columns: 6, channels: 20, kernel: 7, activation: 'silu' } as const;
    const [data, options] = gridCase(4, shape);
    const kernels = await kernelsOver(data);
    kernels.gridConv(options);
    const whole = data.read(options.u, 2, 30, 20);
    kernels.gridConv({ ...options, cells: data.integers(Array.from({ length: 60 }, (_, i) => i % 30)) });
    expect(data.read(options.u, 2, 30, 20)).toEqual(whole);
  });

  it('gives each image the same result alone as in a batch, bit for bit', async () => {
    const shape = { batch: 2, rows: 4, columns: 7, channels: 11, kernel: 3, activation: 'silu' } as const;
    const [data, options] = gridCase(5, shape, 13);
    const kernels = await kernelsOver(data);
    kernels.gridConv(options);
    const second = (rows: Rows): Rows => ({ ...rows, at: rows.at + 4 * (rows.imageStride ?? 0) });
    const u = second(options.u);
    const together = data.read(u, 1, 13, 11);
    kernels.gridConv({ ...options, batch: 1, x: second(options.x), u, cells: options.cells! + 4 * 13 });
    expect(data.read(u, 1, 13, 11)).toEqual(together);
  });

  it("reads upstream's weights once their taps come first", async () => {
    const data = new RandomCase(0);
    // One channel on a 1 x 3 grid; the middle row of the 3 x 3 kernel is 1, 10, 100.
    const weight = tapsFirst(Float32Array.of(...[7, 7, 7], ...[1, 10, 100], ...[7, 7, 7]), 1);
    const options: GridConvOptions = {
      ...{ batch: 1, length: 3, channels: 1, kernel: 3, rows: 1, columns: 3, activation: 'none' },
      x: { at: data.vector(3, (token) => token + 1), stride: 1 },
      weight: data.vector(9, (tap) => weight[tap]),
      bias: data.vector(1, () => 0),
      u: { at: data.vector(3, () => 0), stride: 1 },
    };
    (await kernelsOver(data)).gridConv(options);
    expect([...data.read(options.u, 1, 3, 1)]).toEqual([210, 321, 32]);
    expect([...tapsFirst(Float32Array.of(1, 2, 3, 4, 5, 6), 2)]).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it('names what is wrong with a call', async () => {
    const shape = { batch: 2, rows: 2, columns: 3, channels: 4, kernel: 3, activation: 'none' } as const;
    const [data, options] = gridCase(6, shape, 2);
    const kernels = await kernelsOver(data);
    const wrong = (change: Partial<GridConvOptions>) => () => kernels.gridConv({ ...options, ...change });
    const { cells: _, ...whole } = options;
    expect(wrong({})).not.toThrow();
    expect(wrong({ kernel: 4 })).toThrow('kernel is 4, expected an odd number');
    expect(wrong({ kernel: 13 })).toThrow('kernel is 13, expected a whole number from 1 to 11');
    expect(wrong({ columns: 1800 })).toThrow(
      'columns is 1800: 2 rows with their margins are 3604 cells, 3600 fit',
    );
    expect(() => kernels.gridConv(whole)).toThrow(
      'length is 2, expected 2 x 3 = 6, or the cells that hold a token',
    );
    expect(wrong({ cells: data.integers([0, 1, 3, 3]) })).toThrow(
      'cells[1][1] is 3 after 3, expected rising ones below 6',
    );
    expect(wrong({ cells: data.integers([0, 1, 3, 6]) })).toThrow('cells[1][1] is 6 after 3');
    expect(wrong({ cells: data.integers([-1, 1, 3, 4]) })).toThrow('cells[0][0] is -1 after -1');
    expect(wrong({ weight: 64 })).toThrow('weight is at byte 64');
    expect(wrong({ u: { ...options.u, stride: 3 } })).toThrow('u.stride is 3');
  });
});
