/** The twin of the kernels for traces: every operation as a plain float64 loop. */
import type { Node, Shape, Trace, Value } from './trace.ts';

type Numbers = Float64Array;

/** @param inputs by name, row-major */
export function evaluate(
  trace: Trace,
  inputs: ReadonlyMap<string, ArrayLike<number>>,
): ReadonlyMap<string, Numbers> {
  const values = new Map<Value, Numbers>();
  for (const input of trace.inputs) {
    const data = inputs.get(input.name);
    if (data === undefined || data.length !== sizeOf(input.shape)) {
      throw new Error(`${trace.name}: ${input.name} is not [${input.shape}]`);
    }
    values.set(input, Float64Array.from(data));
  }
  for (const node of trace.nodes) {
    const results = compute(
      node,
      node.inputs.map((input) => values.get(input)!),
    );
    for (const [i, output] of node.outputs.entries()) values.set(output, results[i]);
  }
  return new Map([...trace.outputs].map(([name, value]) => [name, values.get(value)!]));
}

function compute({ operation, inputs, outputs }: Node, [x, other, ...rest]: readonly Numbers[]): Numbers[] {
  const { shape } = outputs[0];
  const from = (index: number) => source(shape, inputs[index].shape);
  const all = (value: (at: number) => number) =>
    Float64Array.from({ length: sizeOf(shape) }, (_, at) => value(at));
  switch (operation.op) {
    case 'gemm': {
      const { transA, transB, alpha } = operation;
      const inner = transA ? inputs[0].shape[0] : inputs[0].shape[1];
      const [rows, columns] = shape;
      return [
        all((at) => {
          const [row, column] = [Math.floor(at / columns), at % columns];
          let sum = 0;
          for (let i = 0; i < inner; i++) {
            sum +=
              x[transA ? i * rows + row : row * inner + i] *
              other[transB ? column * inner + i : i * columns + column];
          }
          return alpha * sum;
        }),
      ];
    }
    case 'add': {
      const [a, b] = [from(0), from(1)];
      return [all((at) => x[a(at)] + other[b(at)])];
    }
    case 'mul': {
      const [a, b] = [from(0), from(1)];
      return [all((at) => x[a(at)] * other[b(at)])];
    }
    case 'affine':
      return [x.map((value) => operation.scale * value + operation.shift)];
    case 'power':
      return [x.map((value) => value ** operation.exponent)];
    case 'exp':
      return [x.map(Math.exp)];
    case 'sigmoid':
      return [x.map((value) => 1 / (1 + Math.exp(-value)))];
    case 'softplus':
      return [x.map((value) => Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value))))];
    case 'relu':
      return [x.map((value) => Math.max(value, 0))];
    case 'positive':
      return [x.map((value) => Number(value > 0))];
    case 'logSoftmax': {
      const width = shape[shape.length - 1];
      return [
        x.map((value, at) => {
          const row = x.subarray(at - (at % width), at - (at % width) + width);
          return value - Math.log(row.reduce((sum, one) => sum + Math.exp(one), 0));
        }),
      ];
    }
    case 'norm':
    case 'normGradient':
      return normed(operation, inputs[1].shape[0], x, other, rest[0], outputs.length);
    case 'sum': {
      const sums = new Float64Array(sizeOf(shape));
      const to = source(inputs[0].shape, shape);
      for (const [at, value] of x.entries()) sums[to(at)] += value;
      return [sums];
    }
    case 'expand': {
      const a = from(0);
      return [all((at) => x[a(at)])];
    }
    case 'reshape':
      return [x];
    case 'transpose': {
      const strides = inputs[0].shape.map((_, axis) => sizeOf(inputs[0].shape.slice(axis + 1)));
      const to = operation.order.map((axis) => strides[axis]);
      return [
        all((at) => {
          let left = at;
          let index = 0;
          for (let axis = shape.length - 1; axis >= 0; axis--) {
            index += (left % shape[axis]) * to[axis];
            left = Math.floor(left / shape[axis]);
          }
          return x[index];
        }),
      ];
    }
    case 'split':
      return pieces(inputs[0].shape, operation.axis, outputs).map((places) =>
        Float64Array.from(places, (at) => x[at]),
      );
    case 'concat': {
      const whole = new Float64Array(sizeOf(shape));
      const parts = [x, ...(other === undefined ? [] : [other]), ...rest];
      for (const [i, places] of pieces(shape, operation.axis, inputs).entries()) {
        for (const [from, to] of places.entries()) whole[to] = parts[i][from];
      }
      return [whole];
    }
    case 'gatherRows': {
      const width = shape[1];
      return [all((at) => x[other[Math.floor(at / width)] * width + (at % width)])];
    }
    case 'scatterRows': {
      const width = shape[1];
      const whole = new Float64Array(sizeOf(shape));
      for (const [at, value] of x.entries())
        whole[other[Math.floor(at / width)] * width + (at % width)] = value;
      return [whole];
    }
    case 'constant':
      return [Float64Array.from(operation.data)];
    case 'zeros':
      return [new Float64Array(sizeOf(shape))];
    default:
      throw operation satisfies never;
  }
}

/** @param third the bias, if there is one, or dL/dy */
function normed(
  { op, centred, epsilon }: { readonly op: string; readonly centred: boolean; readonly epsilon: number },
  width: number,
  x: Numbers,
  weight: Numbers,
  third: Numbers | undefined,
  results: number,
): Numbers[] {
  const y = new Float64Array(x.length);
  const dx = new Float64Array(x.length);
  const [dWeight, dBias] = [new Float64Array(width), new Float64Array(width)];
  const mean = (value: (i: number) => number) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += value(i);
    return sum / width;
  };
  for (let first = 0; first < x.length; first += width) {
    const middle = centred ? mean((i) => x[first + i]) : 0;
    const scale = 1 / Math.sqrt(mean((i) => (x[first + i] - middle) ** 2) + epsilon);
    const own = (i: number) => (x[first + i] - middle) * scale;
    const slope = (i: number) => third![first + i] * weight[i];
    for (let i = 0; op === 'norm' && i < width; i++) y[first + i] = own(i) * weight[i] + (third?.[i] ?? 0);
    if (op === 'norm') continue;
    const level = centred ? mean(slope) : 0;
    const along = mean((i) => slope(i) * own(i));
    for (let i = 0; i < width; i++) {
      dx[first + i] = scale * (slope(i) - level - own(i) * along);
      dWeight[i] += third![first + i] * own(i);
      dBias[i] += third![first + i];
    }
  }
  return op === 'norm' ? [y] : [dx, dWeight, dBias].slice(0, results);
}

/** For each element of `shape`, the element of the `own` shape that is broadcast there. */
function source(shape: Shape, own: Shape): (at: number) => number {
  const missing = shape.length - own.length;
  return (at) => {
    let index = 0;
    let stride = 1;
    let left = at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const place = left % shape[axis];
      left = Math.floor(left / shape[axis]);
      if (axis < missing) continue;
      const length = own[axis - missing];
      if (length !== 1) index += place * stride;
      stride *= length;
    }
    return index;
  };
}

/** The elements of `whole` that each part takes along an axis. */
function pieces(whole: Shape, axis: number, parts: readonly Value[]): number[][] {
  const inner = sizeOf(whole.slice(axis + 1));
  const outer = sizeOf(whole.slice(0, axis));
  let first = 0;
  return parts.map(({ shape }) => {
    const places: number[] = [];
    for (let block = 0; block < outer; block++) {
      for (let i = 0; i < shape[axis] * inner; i++) places.push((block * whole[axis] + first) * inner + i);
    }
    first += shape[axis];
    return places;
  });
}

function sizeOf(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}
