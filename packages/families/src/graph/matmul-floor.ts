/**
 * The matrix products of a model and nothing else, convolutions over several channels counted among them: the
 * time below which no implementation on top of the same matrix library can fall. Same shapes, same order, same
 * shortening after each pruning step; no norms, no depthwise convolution, no scan, no selection (a step keeps the
 * first K tokens). Weights are random and scaled so that values neither vanish nor overflow on their way through, in half
 * precision (which adds its casts) neither; the output means nothing.
 */
import { type PruningPlan, sizeOf, uniformNumbers } from '@vssm/core';
import { GraphBuilder, type Precision, type Value, weightProduct } from '@vssm/graph';
import { tokensPerBlock } from '../counts.ts';
import type { ModelSpec } from '../table.ts';
import { graphsOf } from './table.ts';

/** Input: [B, …] float32, the rest of its shape as `matmulFloorInputShape` says. Output: `logits` [B, 1, classes]. */
export const matmulFloorNames = { input: 'input', output: 'logits' } as const;

/** What the products begin with: Vim's patches, [M, C·P²]; PlainMamba's pixels, [C, H, W]. */
export function matmulFloorInputShape(spec: ModelSpec): readonly number[] {
  return graphsOf(spec).matmulFloor(spec, randomWeight).inputShape;
}

/**
 * The model of `matmulFloorNames` as ONNX, any number of images.
 *
 * @param precision as in WholeOptions
 */
export function matmulFloor(spec: ModelSpec, plan: PruningPlan, precision: Precision = 'f32'): Uint8Array {
  const g = new GraphBuilder('matmul-floor');
  const { width: d, innerWidth: E, dtRank: r, stateSize: N } = spec;
  const product = (x: Value, name: string, inputs: number, outputs: number): Value =>
    g.op('MatMul', [x, randomWeight(g, name, [inputs, outputs], inputs)]);
  const mixerProduct = (x: Value, name: string, inputs: number, outputs: number, share = 1): Value => {
    const numbers = randomNumbers(name, [inputs, outputs], inputs).map((number) => share * number);
    return weightProduct(g, x, g.weight(name, [inputs, outputs], numbers, precision), precision);
  };
  const first = (x: Value, axis: number, count: number): Value =>
    g.op('Slice', [x, g.ints([0]), g.ints([count]), g.ints([axis])]);

  const { projectionSets } = graphsOf(spec);
  const { inputShape, products, classifier } = graphsOf(spec).matmulFloor(spec, randomWeight);
  let x = products(g, g.input(matmulFloorNames.input, 'F32', ['batch', ...inputShape]));
  const masked = plan.alignment === 'mask';
  const lengths = tokensPerBlock(spec, plan);
  for (let block = 0; block < spec.depth; block++) {
    if (!masked && block > 0 && lengths[block] < lengths[block - 1]) x = first(x, 1, lengths[block]);
    const xz = mixerProduct(x, `${block}.in_proj`, d, 2 * E);
    const [u] = g.ops('Split', [xz, g.ints([E, E])], 2, { attributes: { axis: 2 } });
    const deltas = projectionSets.map((set) => {
      const projected = product(u, `${block}.x_proj.${set}`, E, r + 2 * N);
      return product(first(projected, 2, r), `${block}.dt_proj.${set}`, r, E);
    });
    // All products must be needed; an addition joins those of two directions.
    const joined = deltas.reduce((sum, delta) => g.op('Add', [sum, delta]));
    // The sum of as many independent values is so much larger.
    x = mixerProduct(joined, `${block}.out_proj`, E, d, 1 / Math.sqrt(projectionSets.length));
  }
  classifier(g, x, matmulFloorNames.output);
  g.output(matmulFloorNames.output, 'F32', ['batch', 1, spec.classes]);
  return g.model();
}

/** A session of ONNX Runtime, in whichever binding. */
interface Session<Value> {
  run(feeds: Readonly<Record<string, Value>>): Promise<unknown>;
  release(): Promise<void>;
}

/** The matrix products of a model as something to time; there is no answer worth reading. */
export interface MatmulFloor {
  /** Runs the products of `images` images once. */
  run(images: number): Promise<void>;
  dispose(): Promise<void>;
}

/**
 * @param Tensor the binding's class
 * @param open makes a session of the model
 */
export async function openMatmulFloor<Value>(
  spec: ModelSpec,
  plan: PruningPlan,
  Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => Value,
  open: (model: Uint8Array) => Promise<Session<Value>>,
  precision?: Precision,
): Promise<MatmulFloor> {
  const session = await open(matmulFloor(spec, plan, precision));
  const shape = matmulFloorInputShape(spec);
  // Made once for each number of images, so that a run is its matrix products alone.
  const inputs = new Map<number, Value>();
  const inputOf = (images: number): Value => {
    let input = inputs.get(images);
    if (input === undefined) {
      const data = Float32Array.from({ length: images * sizeOf(shape) }, (_, i) => Math.sin(i));
      input = new Tensor('float32', data, [images, ...shape]);
      inputs.set(images, input);
    }
    return input;
  };
  return {
    async run(images) {
      await session.run({ [matmulFloorNames.input]: inputOf(images) });
    },
    dispose: () => session.release(),
  };
}

/** A weight whose products keep their scale: uniform with variance 1 / inputs, other numbers under every name. */
function randomWeight(g: GraphBuilder, name: string, shape: readonly number[], inputs: number): Value {
  return g.weight(name, shape, randomNumbers(name, shape, inputs));
}

function randomNumbers(name: string, shape: readonly number[], inputs: number): Float32Array {
  const seed = [...name].reduce((sum, letter) => (31 * sum + letter.codePointAt(0)!) % 2 ** 32, 7);
  const bound = Math.sqrt(3 / inputs);
  const values = new Float32Array(shape.reduce((size, axis) => size * axis, 1));
  const next = uniformNumbers(seed);
  for (let i = 0; i < values.length; i++) values[i] = bound * (2 * next() - 1);
  return values;
}
