/** A trace as an ONNX model. Weights are inputs like everything else: they change with every step. */
import { float, GraphBuilder, type Value as OnnxValue } from '@vssm/graph';
import type { Node, Trace, Value } from './trace.ts';

export function onnxModel(trace: Trace): Uint8Array {
  const g = new GraphBuilder(trace.name);
  const names = new Map<Value, OnnxValue>();
  for (const input of trace.inputs) {
    names.set(input, g.input(input.name, input.integer === true ? 'I64' : 'F32', input.shape));
  }
  const outside = new Map([...trace.outputs].map(([name, value]) => [value, name]));
  for (const node of neededNodes(trace)) {
    const outputs = emit(
      g,
      node,
      node.inputs.map((input) => names.get(input)!),
      outside.get(node.outputs[0]),
    );
    for (const [i, output] of node.outputs.entries()) names.set(output, outputs[i]);
  }
  for (const [name, value] of trace.outputs) {
    if (names.get(value) !== name) g.op('Identity', [names.get(value)!], { name });
    g.output(name, 'F32', value.shape);
  }
  return g.model();
}

function neededNodes(trace: Trace): Node[] {
  const needed = new Set(trace.outputs.values());
  const nodes = trace.nodes.toReversed().filter(({ inputs, outputs }) => {
    if (!outputs.some((output) => needed.has(output))) return false;
    for (const input of inputs) needed.add(input);
    return true;
  });
  return nodes.reverse();
}

function emit(
  g: GraphBuilder,
  { operation, outputs }: Node,
  names: readonly OnnxValue[],
  output: string | undefined,
): readonly OnnxValue[] {
  const [x, other] = names;
  const { shape } = outputs[0];
  // The last operator of each case carries the name that the result has outside, if it has one.
  const named = output === undefined ? {} : { name: output };
  switch (operation.op) {
    case 'gemm': {
      const { transA, transB, alpha } = operation;
      const attributes = { transA: Number(transA), transB: Number(transB), alpha: float(alpha) };
      return [g.op('Gemm', [x, other], { attributes, ...named })];
    }
    case 'add':
      return [g.op('Add', [x, other], named)];
    case 'mul':
      return [g.op('Mul', [x, other], named)];
    case 'affine': {
      const { scale, shift } = operation;
      const last = shift === 0 ? named : {};
      const scaled = scale === 1 ? x : g.op('Mul', [x, g.scalar(scale)], last);
      return [shift === 0 ? scaled : g.op('Add', [scaled, g.scalar(shift)], named)];
    }
    case 'power':
      return [g.op('Pow', [x, g.scalar(operation.exponent)], named)];
    case 'exp':
      return [g.op('Exp', [x], named)];
    case 'sigmoid':
      return [g.op('Sigmoid', [x], named)];
    case 'softplus':
      return [g.op('Softplus', [x], named)];
    case 'relu':
      return [g.op('Relu', [x], named)];
    case 'positive':
      return [g.op('Sign', [g.op('Relu', [x])], named)];
    case 'logSoftmax':
      return [g.op('LogSoftmax', [x], { attributes: { axis: -1 }, ...named })];
    case 'rmsNorm': {
      const attributes = { axis: -1, epsilon: float(operation.epsilon) };
      return [g.op('RMSNormalization', [x, other], { attributes, ...named })];
    }
    case 'sum':
      return [g.op('ReduceSum', [x, g.ints(operation.axes)], { attributes: { keepdims: 1 }, ...named })];
    case 'expand':
      return [g.op('Expand', [x, g.ints(shape)], named)];
    case 'reshape':
      return [g.op('Reshape', [x, g.ints(shape)], named)];
    case 'transpose':
      return [g.op('Transpose', [x], { attributes: { perm: operation.order }, ...named })];
    case 'split': {
      const attributes = { axis: operation.axis };
      return g.ops('Split', [x, g.ints(operation.sizes)], outputs.length, { attributes, ...named });
    }
    case 'concat':
      return [g.op('Concat', names, { attributes: { axis: operation.axis }, ...named })];
    case 'gatherRows':
      return [g.op('Gather', [x, other], { attributes: { axis: 0 }, ...named })];
    case 'scatterRows': {
      const places = g.op('Unsqueeze', [other, g.ints([1])]);
      return [g.op('ScatterND', [g.op('Expand', [g.scalar(0), g.ints(shape)]), places, x], named)];
    }
    case 'zeros':
      return [g.op('Expand', [g.scalar(0), g.ints(shape)], named)];
    default:
      throw operation satisfies never;
  }
}
