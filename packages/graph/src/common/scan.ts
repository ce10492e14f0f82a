/**
 * The selective scan of one direction inside an ONNX graph, in two forms:
 *
 * - `linear-attention`: one `com.microsoft.LinearAttention` node (gated rule) with E heads of one value each,
 *   key dimension N, and the log-space decay (Δ + gap·Δ∅)·A spelled out as [B, L, E·N].
 * - `scan`: the standard `Scan` operator, one step per token, with no tensor of size L·E·N.
 */
import type { ScanForm } from '../choices.ts';
import { absent, float, GraphBuilder, microsoft, type Value } from '../onnx/builder.ts';

export interface ScanInputs {
  /** Δ + gap·Δ∅, what the state decays by, [B, L, E] */
  readonly time: Value;
  /** Δ·u, [B, L, E] */
  readonly input: Value;
  /** [B, L, N] each */
  readonly b: Value;
  readonly c: Value;
  /** A, negative, [E, N] */
  readonly a: Value;
}

/** All values in token order, whichever the direction. Returns C·h, [B, L, E]. */
export function selectiveScan(
  g: GraphBuilder,
  form: ScanForm,
  inputs: ScanInputs,
  shape: { readonly channels: number; readonly stateSize: number },
  backward: boolean,
): Value {
  switch (form) {
    case 'linear-attention':
      return linearAttention(g, inputs, shape, backward);
    case 'scan':
      return scanOperator(g, inputs, shape, backward);
    default:
      throw form satisfies never;
  }
}

/**
 * What readers have read of every token through one scan's state: Δ_j u_j Σ_n B_j G_j with
 * G_j = w_j C_j + exp(time_{j+1} A) G_{j+1}, which is a scan the other way with B and C in each other's place.
 *
 * @param inputs of the scan itself
 * @param weights w, what each token reads with, 0 where it does not: [B, L, E]
 * @returns [B, L, E]
 */
export function contributions(
  g: GraphBuilder,
  form: ScanForm,
  { time, input, b, c, a }: ScanInputs,
  weights: Value,
  shape: { readonly channels: number; readonly stateSize: number },
  backward: boolean,
): Value {
  const lowest = -(2 ** 31);
  const cut = (from: number, to: number) => g.op('Slice', [time, g.ints([from]), g.ints([to]), g.ints([1])]);
  // The transition into a token is the next one's in the scan that goes the other way.
  const shifted = backward
    ? g.op('Pad', [cut(0, -1), g.ints([0, 1, 0, 0, 0, 0])])
    : g.op('Pad', [cut(1, -(lowest + 1)), g.ints([0, 0, 0, 0, 1, 0])]);
  const read = selectiveScan(g, form, { time: shifted, input: weights, b: c, c: b, a }, shape, !backward);
  return g.op('Mul', [input, read]);
}

function linearAttention(
  g: GraphBuilder,
  inputs: ScanInputs,
  { channels, stateSize }: { readonly channels: number; readonly stateSize: number },
  backward: boolean,
): Value {
  const inScanOrder = (value: Value) => (backward ? reverseTokens(g, value) : value);
  const time = g.op('Unsqueeze', [inScanOrder(inputs.time), g.ints([3])]);
  const decay = g.op('Reshape', [g.op('Mul', [time, inputs.a]), g.ints([0, 0, channels * stateSize])]);
  const [y] = g.ops(
    'LinearAttention',
    [inScanOrder(inputs.c), inScanOrder(inputs.b), inScanOrder(inputs.input), absent, decay],
    2,
    {
      domain: microsoft,
      attributes: { update_rule: 'gated', scale: float(1), q_num_heads: 1, kv_num_heads: channels },
    },
  );
  return inScanOrder(y);
}

function scanOperator(
  g: GraphBuilder,
  inputs: ScanInputs,
  { channels, stateSize }: { readonly channels: number; readonly stateSize: number },
  backward: boolean,
): Value {
  const body = new GraphBuilder('step');
  const state = body.input('state_in', 'F32', ['batch', channels, stateSize]);
  const time = body.input('time', 'F32', ['batch', channels]);
  const input = body.input('input', 'F32', ['batch', channels]);
  const b = body.input('b', 'F32', ['batch', stateSize]);
  const c = body.input('c', 'F32', ['batch', stateSize]);
  const column = (value: Value) => body.op('Unsqueeze', [value, body.ints([2])]);
  const row = (value: Value) => body.op('Unsqueeze', [value, body.ints([1])]);
  const kept = body.op('Mul', [body.op('Exp', [body.op('Mul', [column(time), inputs.a])]), state]);
  const next = body.op('Add', [kept, body.op('Mul', [column(input), row(b)])], { name: 'state_out' });
  const read = body.op('MatMul', [next, column(c)]);
  const y = body.op('Squeeze', [read, body.ints([2])], { name: 'y' });
  body.output(next, 'F32', ['batch', channels, stateSize]);
  body.output(y, 'F32', ['batch', channels]);

  const batch = g.op('Shape', [inputs.input], { attributes: { start: 0, end: 1 } });
  const start = g.op('Expand', [
    g.scalar(0),
    g.op('Concat', [batch, g.ints([channels, stateSize])], { attributes: { axis: 0 } }),
  ]);
  const direction = Array<number>(4).fill(backward ? 1 : 0);
  const [, outputs] = g.ops('Scan', [start, inputs.time, inputs.input, inputs.b, inputs.c], 2, {
    attributes: {
      body,
      num_scan_inputs: 4,
      scan_input_axes: [1, 1, 1, 1],
      scan_input_directions: direction,
      scan_output_axes: [1],
      scan_output_directions: [backward ? 1 : 0],
    },
  });
  return outputs;
}

/** [B, L, …] with its tokens in reverse order. */
export function reverseTokens(g: GraphBuilder, value: Value): Value {
  const lowest = -(2 ** 31);
  return g.op('Slice', [value, g.ints([-1]), g.ints([lowest]), g.ints([1]), g.ints([-1])]);
}
