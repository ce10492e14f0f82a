/**
 * Reverse-mode differentiation of a segment into a segment: the gradients of some outputs come in, the gradients of
 * some inputs go out, everything in between is written in the same operations. Values of the forward pass that a rule
 * needs are computed again, unless they are handed in as saved.
 */
import { type Node, type Shape, Trace, type Value } from './trace.ts';

export interface GradientOptions {
  /** Outputs whose gradient comes in as input `d_<name>`. */
  readonly from: readonly string[];
  /** Inputs whose gradient goes out as output `d_<name>`. */
  readonly to: readonly string[];
  /** Outputs of the forward pass that come in under their own names instead of being computed again. */
  readonly saved?: readonly string[];
  /** Outputs of the forward pass that go out too; those of them that are named in `from` start from a gradient of 1. */
  readonly forward?: readonly string[];
}

/** Forward values on demand, for the rules. */
type Recomputed = (value: Value) => Value;

export function gradientOf(trace: Trace, options: GradientOptions): Trace {
  const { from, to, saved = [], forward = [] } = options;
  const result = new Trace(`${trace.name}_gradient`);
  const recomputed = recomputation(trace, result, saved);
  const active = dependents(trace, to);

  const gradients = new Map<Value, Value>();
  const give = (value: Value, gradient: Value) => {
    const before = gradients.get(value);
    gradients.set(value, before === undefined ? gradient : result.add(before, gradient));
  };
  for (const name of from) {
    const value = trace.outputs.get(name)!;
    const seed = forward.includes(name)
      ? result.affine(result.zeros(value.shape), 1, 1)
      : result.input(`d_${name}`, value.shape);
    give(value, seed);
  }
  for (const node of trace.nodes.toReversed()) {
    const incoming = node.outputs.map((output) => gradients.get(output));
    if (incoming.every((gradient) => gradient === undefined)) continue;
    if (!node.inputs.some((input) => active.has(input))) continue;
    for (const [i, gradient] of pullBack(result, node, incoming, recomputed).entries()) {
      if (gradient !== undefined && active.has(node.inputs[i])) give(node.inputs[i], gradient());
    }
  }
  for (const name of to) {
    const input = trace.inputs.find((one) => one.name === name)!;
    const gradient = gradients.get(input);
    if (gradient === undefined) throw new Error(`${trace.name}: ${from} do not depend on ${name}`);
    result.output(`d_${name}`, gradient);
  }
  for (const name of forward) result.output(name, recomputed(trace.outputs.get(name)!));
  return result;
}

/** Values that depend on any of the inputs named. */
function dependents(trace: Trace, names: readonly string[]): Set<Value> {
  const found = new Set(trace.inputs.filter(({ name }) => names.includes(name)));
  for (const { inputs, outputs } of trace.nodes) {
    if (inputs.some((input) => found.has(input))) for (const output of outputs) found.add(output);
  }
  return found;
}

/** Writes forward nodes into `result` when their values are asked for, each once. */
function recomputation(trace: Trace, result: Trace, saved: readonly string[]): Recomputed {
  const made = new Map<Value, Value>();
  for (const name of saved) {
    const value = trace.outputs.get(name)!;
    made.set(value, result.input(name, value.shape));
  }
  const producer = new Map<Value, Node>();
  for (const node of trace.nodes) for (const output of node.outputs) producer.set(output, node);
  const of = (value: Value): Value => {
    const existing = made.get(value);
    if (existing !== undefined) return existing;
    const node = producer.get(value);
    if (node === undefined) {
      const { name, shape } = value;
      const input = value.integer === true ? result.rowNumbers(name, shape[0]) : result.input(name, shape);
      made.set(value, input);
      return input;
    }
    const outputs = result.node(
      node.operation,
      node.inputs.map(of),
      node.outputs.map(({ shape }) => shape),
    );
    for (const [i, output] of node.outputs.entries()) if (!made.has(output)) made.set(output, outputs[i]);
    return made.get(value)!;
  };
  return of;
}

/** The gradients of a node's inputs, each written only when it is called for; undefined: none flows there. */
function pullBack(
  g: Trace,
  node: Node,
  incoming: readonly (Value | undefined)[],
  at: Recomputed,
): readonly ((() => Value) | undefined)[] {
  const { operation, inputs, outputs } = node;
  const dy = incoming[0]!;
  const [x, other] = inputs;
  const y = () => at(outputs[0]);
  switch (operation.op) {
    case 'gemm': {
      const { transA, transB, alpha } = operation;
      return [
        () =>
          transA
            ? g.gemm(at(other), dy, { transA: transB, transB: true, alpha })
            : g.gemm(dy, at(other), { transB: !transB, alpha }),
        () =>
          transB
            ? g.gemm(dy, at(x), { transA: true, transB: transA, alpha })
            : g.gemm(at(x), dy, { transA: !transA, alpha }),
      ];
    }
    case 'add':
      return [() => summedTo(g, dy, x.shape), () => summedTo(g, dy, other.shape)];
    case 'mul':
      return [
        () => summedTo(g, g.mul(dy, at(other)), x.shape),
        () => summedTo(g, g.mul(dy, at(x)), other.shape),
      ];
    case 'affine':
      return [() => (operation.scale === 1 ? dy : g.affine(dy, operation.scale))];
    case 'power': {
      const { exponent } = operation;
      return [() => g.mul(dy, g.affine(g.power(at(x), exponent - 1), exponent))];
    }
    case 'exp':
      return [() => g.mul(dy, y())];
    case 'sigmoid':
      return [() => g.mul(dy, g.mul(y(), g.affine(y(), -1, 1)))];
    case 'softplus':
      return [() => g.mul(dy, g.map('sigmoid', at(x)))];
    case 'relu':
      return [() => g.mul(dy, g.map('positive', at(x)))];
    case 'positive':
      return [undefined];
    case 'logSoftmax': {
      const total = () => g.sum(dy, [x.shape.length - 1]);
      return [() => g.add(dy, g.affine(g.mul(g.map('exp', y()), total()), -1))];
    }
    case 'norm': {
      const { centred, epsilon } = operation;
      let parts: Value[] | undefined;
      const part = (index: number) => {
        const shapes = inputs.map(({ shape }) => shape);
        parts ??= g.node({ op: 'normGradient', centred, epsilon }, [at(x), at(other), dy], shapes);
        return parts[index];
      };
      return inputs.map((_, index) => () => part(index));
    }
    case 'normGradient':
      throw new Error('a norm is differentiated once only');
    case 'sum':
      return [() => g.expand(dy, x.shape)];
    case 'expand':
      return [() => summedTo(g, dy, x.shape)];
    case 'reshape':
      return [() => g.reshape(dy, x.shape)];
    case 'transpose':
      return [
        () =>
          g.transpose(
            dy,
            operation.order.map((_, axis) => operation.order.indexOf(axis)),
          ),
      ];
    case 'split': {
      const parts = () => incoming.map((own, i) => own ?? g.zeros(outputs[i].shape));
      return [() => g.concat(parts(), operation.axis)];
    }
    case 'concat': {
      const sizes = inputs.map(({ shape }) => shape[operation.axis]);
      const parts = g.split(dy, operation.axis, sizes);
      return parts.map((part) => () => part);
    }
    case 'gatherRows':
      return [() => g.scatterRows(dy, at(other), x.shape[0]), undefined];
    case 'scatterRows':
      return [() => g.gatherRows(dy, at(other)), undefined];
    case 'zeros':
    case 'constant':
      return [];
    default:
      throw operation satisfies never;
  }
}

/** The pullback of a broadcast: summed over the axes that were stretched. */
function summedTo(g: Trace, value: Value, shape: Shape): Value {
  const missing = value.shape.length - shape.length;
  const axes = value.shape.flatMap((length, axis) =>
    axis < missing || shape[axis - missing] !== length ? [axis] : [],
  );
  const summed = axes.length === 0 ? value : g.sum(value, axes);
  return missing === 0 ? summed : g.reshape(summed, shape);
}
