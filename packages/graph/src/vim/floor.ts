/**
 * The matrix products of a Vim and nothing else: the time below which no implementation on top of the same
 * matrix library can fall. Same shapes, same order, same shortening after each pruning step; no norms, no
 * convolution, no scan, no selection (a step keeps the first K tokens). Weights are random and scaled so that
 * values neither vanish nor overflow on their way through; the output means nothing.
 */
import {
  type PruningPlan,
  patchCount,
  sequenceLength,
  tokensPerBlock,
  uniformNumbers,
  type VimSpec,
} from '@vssm/core';
import { GraphBuilder, type Value } from '../onnx/builder.ts';

/** Inputs: `patches` [B, M, C·P²] float32. Output: `logits` [B, 1, classes]. */
export const floorNames = { patches: 'patches', output: 'logits' } as const;

export function matrixProductFloor(spec: VimSpec, plan: PruningPlan): Uint8Array {
  const g = new GraphBuilder('floor');
  const { width: d, innerWidth: E, dtRank: r, stateSize: N } = spec;
  const product = (x: Value, name: string, inputs: number, outputs: number): Value =>
    g.op('MatMul', [x, g.weight(name, [inputs, outputs], uniform(inputs * outputs, inputs))]);
  const first = (x: Value, axis: number, count: number): Value =>
    g.op('Slice', [x, g.ints([0]), g.ints([count]), g.ints([axis])]);

  const patchValues = spec.inChannels * spec.patchSize ** 2;
  const patches = g.input(floorNames.patches, 'F32', ['batch', patchCount(spec), patchValues]);
  let x = product(patches, 'patch_embed', patchValues, d);
  // One token more, so that blocks see the class token too.
  x = g.op('Concat', [x, first(x, 1, 1)], { attributes: { axis: 1 } });
  const masked = plan.alignment === 'mask';
  const lengths = tokensPerBlock(sequenceLength(spec), spec.depth, plan.schedule, plan.countClassToken);
  for (let block = 0; block < spec.depth; block++) {
    if (!masked && block > 0 && lengths[block] < lengths[block - 1]) x = first(x, 1, lengths[block]);
    const xz = product(x, `${block}.in_proj`, d, 2 * E);
    const [u] = g.ops('Split', [xz, g.ints([E, E])], 2, { attributes: { axis: 2 } });
    const deltas = ['forward', 'backward'].map((direction) => {
      const projected = product(u, `${block}.x_proj.${direction}`, E, r + 2 * N);
      return product(first(projected, 2, r), `${block}.dt_proj.${direction}`, r, E);
    });
    // Both products must be needed; one addition joins them.
    x = product(g.op('Add', deltas), `${block}.out_proj`, E, d);
  }
  g.op('MatMul', [first(x, 1, 1), g.weight('head', [d, spec.classes], uniform(d * spec.classes, d))], {
    name: floorNames.output,
  });
  g.output(floorNames.output, 'F32', ['batch', 1, spec.classes]);
  return g.model();
}

/** Values whose products keep their scale: uniform with variance 1 / inputs. */
function uniform(count: number, inputs: number): Float32Array {
  const bound = Math.sqrt(3 / inputs);
  const values = new Float32Array(count);
  const next = uniformNumbers(1);
  for (let i = 0; i < count; i++) values[i] = bound * (2 * next() - 1);
  return values;
}
