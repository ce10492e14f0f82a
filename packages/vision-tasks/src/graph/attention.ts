/** Multi-scale deformable attention on rows of tokens, its sampling as GridSample; see core's reference. */
import { linear, type Value } from '@vssm/graph';
import type { AdapterSpec } from '../model/spec.ts';
import type { RunTimeSize, Stage } from './convs.ts';

/** A map of values within the sequence of all. */
export interface ValueLevel {
  readonly size: RunTimeSize;
  /** Its number of cells, int64 [1]. */
  readonly cells: Value;
}

/**
 * @param queries [Q, d], normed
 * @param references [Q, 2]: x, y of each query's own cell as shares of width and height
 * @param values [S, d], normed: the cells of all `levels`, level after level
 * @returns [Q, d]
 */
export function deformableAttention(
  stage: Stage,
  name: string,
  { spec, heads, points }: AdapterSpec,
  queries: Value,
  references: Value,
  values: Value,
  levels: readonly ValueLevel[],
): Value {
  const { g, parameters } = stage;
  const d = spec.width;
  const project = (x: Value, layer: string) => linear(g, parameters, x, `${name}.${layer}`);

  const value = project(values, 'value_proj');
  const one = levels.map(() => 1);
  const valuesOf = split(
    stage,
    value,
    () =>
      g.op(
        'Concat',
        levels.map(({ cells }) => cells),
        { attributes: { axis: 0 } },
      ),
    levels.length,
    0,
  );
  const perHead = [-1, heads, levels.length, points * 2];
  const offsets = g.op('Reshape', [project(queries, 'sampling_offsets'), g.ints(perHead)]);
  const offsetsOf = split(stage, offsets, () => g.ints(one), levels.length, 2);
  const scores = g.op('Reshape', [
    project(queries, 'attention_weights'),
    g.ints([-1, heads, levels.length * points]),
  ]);
  const weights = g.op('Softmax', [scores], { attributes: { axis: -1 } });
  const weightsOf = split(stage, weights, () => g.ints(one.map(() => points)), levels.length, 2);

  // GridSample's coordinates are 2 · location - 1, and a location is reference + offset / size.
  const centre = g.op('Sub', [g.op('Mul', [references, g.scalar(2)]), g.scalar(1)]);
  const around = g.op('Reshape', [centre, g.ints([1, -1, 1, 2])]);
  const sampled = levels.map(({ size }, level) => {
    const planes = g.op('Transpose', [valuesOf[level]], { attributes: { perm: [1, 0] } });
    const maps = g.op('Reshape', [
      planes,
      g.op('Concat', [g.ints([heads, d / heads]), size], { attributes: { axis: 0 } }),
    ]);
    // [Q, heads, 1, points · 2] → [heads, Q, points, 2]
    const moved = g.op('Transpose', [offsetsOf[level]], { attributes: { perm: [1, 0, 3, 2] } });
    const steps = g.op('Reshape', [moved, g.ints([heads, -1, points, 2])]);
    const widthHeight = g.op('Cast', [g.op('Gather', [size, g.ints([1, 0])])], { attributes: { to: 1 } });
    const cell = g.op('Div', [g.scalar(2), widthHeight]);
    const grid = g.op('Add', [around, g.op('Mul', [steps, cell])]);
    const samples = g.op('GridSample', [maps, grid], {
      attributes: { mode: 'linear', padding_mode: 'zeros', align_corners: 0 },
    });
    // [Q, heads, points] → [heads, 1, Q, points]
    const share = g.op('Unsqueeze', [
      g.op('Transpose', [weightsOf[level]], { attributes: { perm: [1, 0, 2] } }),
      g.ints([1]),
    ]);
    return g.op('ReduceSum', [g.op('Mul', [samples, share]), g.ints([3])], { attributes: { keepdims: 0 } });
  });
  const [first, ...others] = sampled;
  const sum = others.reduce((total, part) => g.op('Add', [total, part]), first);
  // [heads, d / heads, Q] → [Q, d]
  const rows = g.op('Transpose', [g.op('Reshape', [sum, g.ints([d, -1])])], { attributes: { perm: [1, 0] } });
  return project(rows, 'output_proj');
}

/** @param sizes of the parts, int64 [count] */
function split({ g }: Stage, value: Value, sizes: () => Value, count: number, axis: number): Value[] {
  if (count === 1) return [value];
  return g.ops('Split', [value, sizes()], count, { attributes: { axis } });
}
