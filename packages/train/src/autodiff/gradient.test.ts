/** Every rule against finite differences in float64, and the kernels' float32 against the float64 twin. */
import { uniformNumbers } from '@vssm/core';
import { Arena, createKernels, createMemory } from '@vssm/kernels';
import { describe, expect, it } from 'vitest';
import { neighbourhoods, normedRelu, pooled, resized, tapsFirst } from '../maps.ts';
import { evaluate } from './evaluate.ts';
import { gradientOf } from './gradient.ts';
import { Program } from './program.ts';
import { Trace, type Value } from './trace.ts';

/** The whole of 2x3 cells, and its left and right halves, which share the middle. */
const binsOfTwoByThree = Float32Array.from(
  [
    [6, 4, 0],
    [6, 4, 4],
    [6, 0, 4],
    [6, 4, 0],
    [6, 4, 4],
    [6, 0, 4],
  ].flatMap((cell) => cell.map((parts) => (parts === 0 ? 0 : 1 / parts))),
);

/** Traces with inputs a, b, … and an output y, by what they exercise. */
const traces: Readonly<Record<string, (g: Trace) => Value>> = {
  'gemm, all transpositions': (g) => {
    const [a, b, c] = [g.input('a', [3, 4]), g.input('b', [4, 2]), g.input('c', [3, 2])];
    const left = g.gemm(g.gemm(a, b, { alpha: 0.5 }), c, { transB: true });
    return g.gemm(g.gemm(left, a, { transA: true }), b, { transA: false, transB: false });
  },
  'gemm, both transposed': (g) =>
    g.gemm(g.input('a', [3, 4]), g.input('b', [2, 3]), { transA: true, transB: true }),
  'sums and products of other shapes': (g) => {
    const [a, b, c] = [g.input('a', [3, 4]), g.input('b', [4]), g.input('c', [3, 1])];
    return g.mul(g.add(g.mul(a, b), c), g.add(a, g.mul(c, b)));
  },
  'a value used twice': (g) => {
    const a = g.input('a', [2, 3]);
    return g.mul(a, g.add(a, a));
  },
  'affine, power, exp': (g) => g.power(g.map('exp', g.affine(g.input('a', [5]), 0.7, -0.2)), -1.5),
  'SiLU and softplus': (g) => g.add(g.silu(g.input('a', [2, 3])), g.map('softplus', g.input('b', [2, 3]))),
  RMSNorm: (g) => g.rmsNorm(g.input('a', [3, 5]), g.input('b', [5])),
  LayerNorm: (g) => g.layerNorm(g.input('a', [3, 5]), g.input('b', [5]), g.input('c', [5]), 1e-6),
  'sum, expand, reshape': (g) => {
    const a = g.input('a', [2, 3, 4]);
    return g.add(g.expand(g.sum(a, [1]), [2, 3, 4]), g.reshape(g.mul(a, a), [2, 3, 4]));
  },
  ReLU: (g) => g.mul(g.map('relu', g.input('a', [3, 4])), g.input('b', [3, 4])),
  'transposition, and a value without slope': (g) => {
    const a = g.input('a', [2, 3, 4]);
    return g.mul(g.transpose(a, [2, 0, 1]), g.map('positive', g.transpose(g.mul(a, a), [2, 0, 1])));
  },
  'split and concat, a part unused': (g) => {
    const [first, , last] = g.split(g.input('a', [4, 6]), 1, [1, 3, 2]);
    return g.concat([g.mul(last, first), first], 1);
  },
  'gather and scatter of rows': (g) => {
    const rows = g.rowNumbers('rows', 2);
    const gathered = g.gatherRows(g.input('a', [5, 3]), rows);
    return g.scatterRows(g.mul(gathered, gathered), rows, 4);
  },
  'a product that takes along a row, a matrix, another product': (g) => {
    const [a, b, c] = [g.input('a', [3, 4]), g.input('b', [4, 2]), g.input('c', [2])];
    const [d, e] = [g.input('d', [3, 2]), g.input('e', [2, 3])];
    const sum = g.add(g.add(d, g.gemm(a, b, { alpha: 0.5 })), g.gemm(d, g.gemm(e, d)));
    return g.add(g.gemm(sum, g.input('f', [2, 2])), c);
  },
  'parts of a matrix, as they lie': (g) => {
    const [left, right] = g.split(g.input('a', [5, 6]), 1, [2, 4]);
    return g.add(g.gemm(left, g.input('b', [4, 2]), { transB: true }), right);
  },
  'windows: zeros around, and parts side by side': (g) => {
    const a = g.input('a', [2, 3, 3, 2]);
    const padded = g.concat([g.zeros([2, 3, 1, 2]), a, g.zeros([2, 3, 1, 2])], 2);
    const [left, , right] = g.split(padded, 2, [3, 1, 1]);
    return g.mul(g.concat([left, a], 3), g.expand(g.sum(right, [2, 3]), [2, 3, 3, 4]));
  },
  'BatchNorm and ReLU, a convolution of 3x3 cells': (g) => {
    const map = g.input('a', [2, 3, 2, 2]);
    const weight = tapsFirst(g, 'b', 3, 2, 9);
    const product = g.gemm(neighbourhoods(g, map), weight, { transB: true });
    return normedRelu(g, { scale: 'c', offset: 'd', mean: 'mean', variance: 'variance' }, product);
  },
  'bilinear resizing, up and down': (g) => {
    const map = g.input('a', [2, 2, 3, 2]);
    return g.mul(resized(g, resized(g, map, 5, 4), 2, 3), map);
  },
  'a size that stays': (g) => resized(g, g.affine(g.input('a', [1, 2, 3, 2]), 2), 2, 3),
  'pooling over bins of several sizes, and concatenation': (g) => {
    const map = g.input('a', [2, 2, 3, 2]);
    const bins = pooled(g, map, binsOfTwoByThree);
    return g.concat([g.reshape(map, [2, 6, 2]), g.mul(bins, bins)], 1);
  },
  'cross-entropy of rows, some of which take no part': (g) => {
    const target = g.constant([3, 4], Float32Array.of(0, 1, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0.5));
    return g.crossEntropy(g.input('a', [3, 4]), target, 0.25);
  },
  'cross-entropy': (g) => g.crossEntropy(g.input('a', [3, 4]), g.input('target', [3, 4]), 0.25),
};

/** Random inputs; row numbers rise from 1. */
function inputsOf(trace: Trace, seed: number): Map<string, Float64Array> {
  const uniform = uniformNumbers(seed);
  return new Map(
    trace.inputs.map(({ name, shape, integer }) => {
      const size = shape.reduce((product, axis) => product * axis, 1);
      const value = integer === true ? (i: number) => 1 + i : () => Math.fround(4 * uniform() - 2);
      return [name, Float64Array.from({ length: size }, (_, i) => value(i))];
    }),
  );
}

async function onKernels(
  trace: Trace,
  inputs: ReadonlyMap<string, Float64Array>,
): Promise<ReadonlyMap<string, Float32Array>> {
  const arena = new Arena(createMemory());
  const sizeOf = (shape: readonly number[]) => shape.reduce((product, axis) => product * axis, 1);
  const place = ({ shape }: Pick<Value, 'shape'>) => ({ at: arena.float32(sizeOf(shape)).at, shape });
  const ins = Object.fromEntries(trace.inputs.map((input) => [input.name, place(input)]));
  const outs = Object.fromEntries([...trace.outputs].map(([name, value]) => [name, place(value)]));
  const program = new Program(trace);
  const workspace = arena.float32(Math.max(1, program.workspace));
  workspace.view().fill(Number.NaN);
  const { buffer } = arena.memory;
  for (const { name, integer } of trace.inputs) {
    const data = inputs.get(name)!;
    const view = integer === true ? Int32Array : Float32Array;
    new view(buffer, ins[name].at, data.length).set(data);
  }
  program.run(await createKernels(arena.memory), workspace.at, ins, outs);
  return new Map(
    Object.entries(outs).map(([name, { at, shape }]) => [name, new Float32Array(buffer, at, sizeOf(shape))]),
  );
}

for (const [name, write] of Object.entries(traces)) {
  describe(name, () => {
    const trace = new Trace('forward');
    trace.output('y', write(trace));
    const to = trace.inputs.flatMap((input) =>
      input.integer === true || input.name === 'target' ? [] : [input.name],
    );
    const gradient = gradientOf(trace, { from: ['y'], to });

    it('has the slopes of finite differences', () => {
      const inputs = inputsOf(trace, 1);
      const weights = inputsOf(gradient, 2).get('d_y')!;
      const loss = () =>
        evaluate(trace, inputs)
          .get('y')!
          .reduce((sum, y, i) => sum + y * weights[i], 0);
      const gradients = evaluate(gradient, new Map([...inputs, ['d_y', weights]]));
      for (const input of to) {
        const values = inputs.get(input)!;
        for (let i = 0; i < values.length; i++) {
          const value = values[i];
          values[i] = value + 1e-5;
          const above = loss();
          values[i] = value - 1e-5;
          const slope = (above - loss()) / 2e-5;
          values[i] = value;
          const got = gradients.get(`d_${input}`)![i];
          // 1e-5 relative, where rounding of the loss (1e-16 over 1e-5) allows it.
          expect(Math.abs(got - slope)).toBeLessThan(1e-5 * Math.abs(slope) + 1e-8);
        }
      }
    });

    it('is the same on the kernels, forward and backward', async () => {
      for (const one of [trace, gradient]) {
        const inputs = inputsOf(one, 3);
        const want = evaluate(one, inputs);
        for (const [output, got] of await onKernels(one, inputs)) {
          const scale = Math.max(1e-3, ...want.get(output)!.map(Math.abs));
          // A few roundings of 6e-8; sums of at most a dozen terms.
          for (const [i, value] of want.get(output)!.entries()) {
            expect(Math.abs(got[i] - value) / scale).toBeLessThan(1e-5);
          }
        }
      }
    });
  });
}

it('saved outputs come in instead of being computed again', () => {
  const trace = new Trace('forward');
  const a = trace.input('a', [2, 2]);
  const hidden = trace.map('sigmoid', trace.gemm(a, trace.input('b', [2, 2])));
  trace.output('hidden', hidden);
  trace.output('y', trace.mul(hidden, hidden));
  const gradient = gradientOf(trace, { from: ['y'], to: ['b'], saved: ['hidden'] });
  expect(gradient.inputs.map(({ name }) => name).sort()).toEqual(['a', 'd_y', 'hidden']);
  expect(gradient.nodes.filter(({ operation }) => operation.op === 'gemm')).toHaveLength(1);
});

it('a loss starts from a gradient of 1', () => {
  const trace = new Trace('forward');
  trace.output('loss', trace.sum(trace.affine(trace.input('a', [3, 2]), 5), [0, 1]));
  const gradient = gradientOf(trace, { from: ['loss'], to: ['a'], forward: ['loss'] });
  const results = evaluate(gradient, new Map([['a', [1, 2, 3, 4, 5, 6]]]));
  expect([...results.get('d_a')!]).toEqual([5, 5, 5, 5, 5, 5]);
  expect([...results.get('loss')!]).toEqual([105]);
});
