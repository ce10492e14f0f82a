/**
 * A segment as data: static shapes, some twenty operations, float32 when the kernels run it and float64 when the twin
 * does. A segment is written once; its gradient (gradient.ts), the kernels' calls (program.ts) and its twin's result
 * (evaluate.ts) follow from it.
 */

export type Shape = readonly number[];

export interface Value {
  readonly name: string;
  readonly shape: Shape;
  /** Row numbers are integers; everything else is floating point. */
  readonly integer?: true;
}

export type Operation =
  /** alpha · A' B' of matrices, each transposed or not */
  | { readonly op: 'gemm'; readonly transA: boolean; readonly transB: boolean; readonly alpha: number }
  /** Elementwise, either side broadcast. */
  | { readonly op: 'add' }
  | { readonly op: 'mul' }
  /** scale · x + shift */
  | { readonly op: 'affine'; readonly scale: number; readonly shift: number }
  | { readonly op: 'power'; readonly exponent: number }
  | { readonly op: 'exp' }
  | { readonly op: 'sigmoid' }
  | { readonly op: 'softplus' }
  | { readonly op: 'relu' }
  /** 1 where x > 0, else 0; it has no slope. */
  | { readonly op: 'positive' }
  /** Over the last axis. */
  | { readonly op: 'logSoftmax' }
  /**
   * x, weight and perhaps bias → (x - mean) / sqrt(variance + ε) · weight + bias over the last axis; not centred: the
   * mean is taken for 0
   */
  | { readonly op: 'norm'; readonly centred: boolean; readonly epsilon: number }
  /** x, weight and dL/dy → dL/dx, dL/dweight and perhaps dL/dbias of it */
  | { readonly op: 'normGradient'; readonly centred: boolean; readonly epsilon: number }
  /** Over some axes, which stay with length 1. */
  | { readonly op: 'sum'; readonly axes: readonly number[] }
  | { readonly op: 'expand' }
  | { readonly op: 'reshape' }
  /** Axis i of the result is axis `order[i]` of x. */
  | { readonly op: 'transpose'; readonly order: readonly number[] }
  | { readonly op: 'split'; readonly axis: number; readonly sizes: readonly number[] }
  | { readonly op: 'concat'; readonly axis: number }
  /** Rows of a matrix by number; and rows to their numbers in a matrix of zeros, no number twice. */
  | { readonly op: 'gatherRows' }
  | { readonly op: 'scatterRows' }
  | { readonly op: 'zeros' }
  /** Numbers that never change, row-major. */
  | { readonly op: 'constant'; readonly data: Float32Array };

export interface Node {
  readonly operation: Operation;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

export class Trace {
  readonly name: string;
  readonly inputs: Value[] = [];
  readonly nodes: Node[] = [];
  /** Results under their names outside. */
  readonly outputs = new Map<string, Value>();
  #count = 0;

  constructor(name: string) {
    this.name = name;
  }

  input(name: string, shape: Shape): Value {
    const value = { name, shape };
    this.inputs.push(value);
    return value;
  }

  /** Row numbers, int32. */
  rowNumbers(name: string, count: number): Value {
    const value: Value = { name, shape: [count], integer: true };
    this.inputs.push(value);
    return value;
  }

  output(name: string, value: Value): void {
    this.outputs.set(name, value);
  }

  /** A node whose outputs have the given shapes. */
  node(operation: Operation, inputs: readonly Value[], shapes: readonly Shape[]): Value[] {
    const outputs = shapes.map((shape) => ({ name: `v${this.#count++}`, shape }));
    this.nodes.push({ operation, inputs, outputs });
    return outputs;
  }

  gemm(
    a: Value,
    b: Value,
    options: { readonly transA?: boolean; readonly transB?: boolean; readonly alpha?: number } = {},
  ): Value {
    const { transA = false, transB = false, alpha = 1 } = options;
    const [rows, inner] = transA ? [a.shape[1], a.shape[0]] : a.shape;
    const [innerB, columns] = transB ? [b.shape[1], b.shape[0]] : b.shape;
    if (inner !== innerB) throw new Error(`gemm of [${a.shape}] and [${b.shape}]`);
    return this.node({ op: 'gemm', transA, transB, alpha }, [a, b], [[rows, columns]])[0];
  }

  add(a: Value, b: Value): Value {
    return this.node({ op: 'add' }, [a, b], [broadcast(a.shape, b.shape)])[0];
  }

  mul(a: Value, b: Value): Value {
    return this.node({ op: 'mul' }, [a, b], [broadcast(a.shape, b.shape)])[0];
  }

  affine(x: Value, scale: number, shift = 0): Value {
    return this.node({ op: 'affine', scale, shift }, [x], [x.shape])[0];
  }

  power(x: Value, exponent: number): Value {
    return this.node({ op: 'power', exponent }, [x], [x.shape])[0];
  }

  map(op: 'exp' | 'sigmoid' | 'softplus' | 'relu' | 'positive' | 'logSoftmax', x: Value): Value {
    return this.node({ op }, [x], [x.shape])[0];
  }

  silu(x: Value): Value {
    return this.mul(x, this.map('sigmoid', x));
  }

  rmsNorm(x: Value, weight: Value, epsilon = 1e-5): Value {
    return this.node({ op: 'norm', centred: false, epsilon }, [x, weight], [x.shape])[0];
  }

  /** Minus the mean, over sqrt(variance + ε), times weight plus bias, over the last axis. */
  layerNorm(x: Value, weight: Value, bias: Value, epsilon: number): Value {
    return this.node({ op: 'norm', centred: true, epsilon }, [x, weight, bias], [x.shape])[0];
  }

  sum(x: Value, axes: readonly number[]): Value {
    const shape = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
    return this.node({ op: 'sum', axes }, [x], [shape])[0];
  }

  expand(x: Value, shape: Shape): Value {
    return this.node({ op: 'expand' }, [x], [shape])[0];
  }

  reshape(x: Value, shape: Shape): Value {
    return this.node({ op: 'reshape' }, [x], [shape])[0];
  }

  transpose(x: Value, order: readonly number[]): Value {
    return this.node({ op: 'transpose', order }, [x], [order.map((axis) => x.shape[axis])])[0];
  }

  split(x: Value, axis: number, sizes: readonly number[]): Value[] {
    const shapes = sizes.map((size) => x.shape.map((length, i) => (i === axis ? size : length)));
    return this.node({ op: 'split', axis, sizes }, [x], shapes);
  }

  concat(parts: readonly Value[], axis: number): Value {
    const total = parts.reduce((sum, { shape }) => sum + shape[axis], 0);
    const shape = parts[0].shape.map((length, i) => (i === axis ? total : length));
    return this.node({ op: 'concat', axis }, parts, [shape])[0];
  }

  gatherRows(x: Value, rows: Value): Value {
    return this.node({ op: 'gatherRows' }, [x, rows], [[rows.shape[0], x.shape[1]]])[0];
  }

  scatterRows(x: Value, rows: Value, count: number): Value {
    return this.node({ op: 'scatterRows' }, [x, rows], [[count, x.shape[1]]])[0];
  }

  zeros(shape: Shape): Value {
    return this.node({ op: 'zeros' }, [], [shape])[0];
  }

  constant(shape: Shape, data: Float32Array): Value {
    return this.node({ op: 'constant', data }, [], [shape])[0];
  }

  /** Cross-entropy against distributions, or zeros for rows that take no part, [rows, classes] each: scale · Σ -target · log softmax(logits), [1, 1]. */
  crossEntropy(logits: Value, target: Value, scale: number): Value {
    return this.affine(this.sum(this.mul(target, this.map('logSoftmax', logits)), [0, 1]), -scale);
  }
}

/** The shape that both sides are broadcast to; shapes are aligned at their last axes. */
function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const own = a[i - rank + a.length] ?? 1;
    const other = b[i - rank + b.length] ?? 1;
    if (own !== other && own !== 1 && other !== 1) throw new Error(`[${a}] and [${b}] do not broadcast`);
    return Math.max(own, other);
  });
}
