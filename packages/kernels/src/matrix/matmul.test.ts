import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKernels, probeNative } from '../kernels.ts';
import { relativeError } from '../test-support/differences.ts';
import { describeImplementations } from '../test-support/implementations.ts';
import { RandomCase } from '../test-support/random-case.ts';
import { type MatmulOptions, matmulReference } from './matmul.ts';

const shapes = fc.record({
  rows: fc.integer({ min: 1, max: 40 }),
  inner: fc.constantFrom(1, 4, 7, 64, 256, 300, 600),
  columns: fc.integer({ min: 1, max: 70 }),
  transA: fc.boolean(),
  transB: fc.boolean(),
  plus: fc.constantFrom<'nothing' | 'a row' | 'a matrix' | 'in place'>(
    'nothing',
    'a row',
    'a matrix',
    'in place',
  ),
});

describeImplementations('the product of matrices against its twin', (implementation) => {
  it('on 200 random shapes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), shapes, async (seed, { plus, ...shape }) => {
        const { rows, inner, columns, transA, transB } = shape;
        const data = new RandomCase(seed);
        const draw = () => data.between(-1, 1);
        const matrix = (height: number, width: number) => data.rows(1, height, width, draw);
        const to = matrix(rows, columns);
        const places = {
          nothing: {},
          'a row': { plus: { at: data.vector(columns, draw), stride: 0 } },
          'a matrix': { plus: matrix(rows, columns) },
          'in place': { plus: to },
        };
        const options: MatmulOptions = {
          ...shape,
          a: transA ? matrix(inner, rows) : matrix(rows, inner),
          b: transB ? matrix(columns, inner) : matrix(inner, columns),
          alpha: data.between(-2, 2),
          ...places[plus],
          to,
        };
        const want = matmulReference(data.arena.memory.buffer, options);
        const canaries = data.canaries();
        (await createKernels(data.arena.memory, { implementation })).matmul(options);
        expect(data.canaries()).toBe(canaries);
        // Sums of up to 600 float32 products.
        expect(relativeError(data.read(to, 1, rows, columns), want)).toBeLessThan(1e-5);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('refuses what would read or write elsewhere, by name', async () => {
    const data = new RandomCase(1);
    const place = data.rows(1, 3, 3, () => 0);
    const { matmul } = await createKernels(data.arena.memory, { implementation });
    const options = { rows: 3, inner: 3, columns: 3, a: place, b: place, to: place, alpha: 1 };
    const plain = { ...options, transA: false, transB: false };
    expect(() => matmul({ ...plain, a: { at: 2 ** 33, stride: 3 } })).toThrow('a ends at byte');
    expect(() => matmul({ ...plain, b: { ...place, stride: 2 } })).toThrow('b.stride is 2');
    expect(() => matmul({ ...plain, to: { at: 8, stride: 3 } })).toThrow('to is at byte 8');
    expect(() => matmul({ ...plain, inner: 0 })).toThrow('inner is 0');
  });
});

const probe = await probeNative();

describe.skipIf(!probe.available)('the product by a packed matrix', () => {
  it('is that by the matrix itself, to the last bit, on 200 random shapes and any number of threads', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 1, max: 3 }),
        // Threads share the columns, or the rows where there are many more.
        fc.constantFrom([0, 0], [0, 128], [0, 200], [130, 0]),
        shapes,
        async (seed, threads, [higher, wider], { plus, transA: _, ...shape }) => {
          const { inner, transB } = shape;
          const rows = shape.rows + higher;
          const columns = shape.columns + wider;
          const data = new RandomCase(seed);
          const draw = () => data.between(-1, 1);
          const matrix = (height: number, width: number) => data.rows(1, height, width, draw);
          const [b, to, toByPacked] = [
            transB ? matrix(columns, inner) : matrix(inner, columns),
            matrix(rows, columns),
            matrix(rows, columns),
          ];
          const kernels = await createKernels(data.arena.memory, { implementation: 'native', threads });
          const packed = data.vector(kernels.packed!.floats(inner, columns), draw);
          const added =
            plus === 'a row' ? { at: data.vector(columns, draw), stride: 0 } : matrix(rows, columns);
          const options = {
            ...{ rows, inner, columns, a: matrix(rows, inner) },
            ...(plus !== 'nothing' && { plus: added }),
          };
          const canaries = data.canaries();
          kernels.matmul({ ...options, b, transA: false, transB, alpha: 1, to });
          kernels.packed!.pack({ inner, columns, b, transB }, packed);
          kernels.packed!.matmul({ ...options, packed, to: toByPacked });
          expect(data.canaries()).toBe(canaries);
          expect(data.read(toByPacked, 1, rows, columns)).toEqual(data.read(to, 1, rows, columns));
        },
      ),
      { numRuns: 200, seed: 2 },
    );
  });

  it('refuses what would read or write elsewhere, by name', async () => {
    const data = new RandomCase(1);
    const place = data.rows(1, 3, 3, () => 0);
    const { packed } = await createKernels(data.arena.memory, { implementation: 'native' });
    const shape = { inner: 3, columns: 3, b: place, transB: false };
    expect(() => packed!.pack(shape, 2 ** 33)).toThrow('to ends at byte');
    expect(() => packed!.pack({ ...shape, b: { ...place, stride: 2 } }, place.at)).toThrow('b.stride is 2');
    expect(() => packed!.floats(0, 3)).toThrow('inner is 0');
    const product = { rows: 3, inner: 3, columns: 3, a: place, to: place };
    expect(() => packed!.matmul({ ...product, packed: data.arena.memory.buffer.byteLength - 4 })).toThrow(
      'packed ends at byte',
    );
    expect(() => packed!.matmul({ ...product, packed: place.at, to: { at: 8, stride: 3 } })).toThrow(
      'to is at byte 8',
    );
  });
});
