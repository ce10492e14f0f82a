/** STORM's windows in the float64 reference of a PlainMamba: by plain loops on what a layer has put out, and properties. */
import type { Operation, PruningPlan } from '@vssm/core';
import { smallerGrid } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { plainMambaSpec } from './plainmamba/spec.ts';
import { checkPlan, pruningPlan } from './plan.ts';
import { randomWeights } from './random-weights.ts';
import { referenceForward } from './reference.ts';
import { type ModelSpec, modelFamilies } from './table.ts';

const spec = plainMambaSpec({
  ...{ width: 8, depth: 4, imageHeight: 20, imageWidth: 24, inChannels: 1, patchSize: 4 },
  ...{ stateSize: 3, classes: 4, stemConvs: 0, stemWidth: 4, depthwiseLayers: [2] },
});
const weights = randomWeights(spec, 2);
const image = Float32Array.from({ length: 480 }, (_, i) => Math.sin(i * 0.7) + (i % 7) / 5);
/** 5x6 to 4x5 to 3x4. */
const schedule = [
  { after: 1, keep: 20 / 30 },
  { after: 3, keep: 12 / 20 },
];

function run(options: Partial<PruningPlan> = {}, steps = schedule, model: ModelSpec = spec) {
  const seen = new Map<string, Float64Array>();
  const plan = pruningPlan({ schedule: steps, signal: 'storm', alignment: 'none', ...options }, model.family);
  const prediction = referenceForward(model, weights, plan, image, 5, (name, value) => {
    seen.set(name, value.slice());
  });
  return { ...prediction, seen };
}

const operations: readonly Operation[] = ['merge-sum', 'merge', 'drop'];

describe('STORM on a PlainMamba', () => {
  it.each(operations)('%s: keeps the grids that it is told to, and sizes sum to all cells', (operation) => {
    const { kept, seen, logits } = run({ operation });
    expect(kept.get(1)).toHaveLength(20);
    expect(kept.get(3)).toHaveLength(12);
    expect(smallerGrid({ height: 5, width: 6 }, 20)).toEqual({ height: 4, width: 5 });
    for (const positions of kept.values()) expect(new Set(positions).size).toBe(positions.length);
    expect([...kept.get(3)!].every((position) => kept.get(1)!.includes(position))).toBe(true);
    for (const after of [1, 3]) {
      const sizes = seen.get(`step${after}.sizes`);
      if (operation === 'drop') expect(sizes).toBeUndefined();
      else expect(sizes!.reduce((sum, size) => sum + size, 0)).toBe(30);
    }
    expect(logits.every(Number.isFinite)).toBe(true);
  });

  it('keeping everything is the dense model bit for bit', () => {
    const dense = referenceForward(spec, weights, pruningPlan({ schedule: [] }), image);
    expect(run({}, [{ after: 2, keep: 1 }]).logits).toEqual(dense.logits);
  });

  it('goes on as a model of the smaller grid does, from the merged tokens', () => {
    // After the first layer the tokens are those of a 4x5 grid: what a later layer does to them is what a PlainMamba for
    // such images does, whose snakes and convolutions know nothing of the larger one.
    const { seen } = run({}, [schedule[0]]);
    const d = spec.width;
    const layer = seen.get('layer0.out')!;
    // The residual that entered the layer: its output less the mixer's.
    const mixer = seen.get('layer0.mixer_out')!;
    const residual = layer.map((value, i) => value - mixer[i]);
    const rows = lines(residual, layer, 5, 6, d, 5);
    const columns = lines(...turned(rows.metric, rows.values, 5, 5, d), 5, 5, d, 4);
    const [, merged] = turned(columns.metric, columns.values, 5, 4, d);
    const next = seen.get('layer1.out')!;
    expect(next).toHaveLength(20 * d);

    const small = { ...spec, depth: 1, imageHeight: 16, imageWidth: 20, depthwiseLayers: [] };
    const own = new Map(
      [...weights].map(([name, tensor]) => [name.replace('layers.1.', 'layers.0.'), tensor]),
    );
    // Tokens enter as the position embedding of an image of nothing.
    const embedding = { dtype: 'F32' as const, shape: [1, 20, d], data: Float32Array.from(merged) };
    own.set('backbone.pos_embed', embedding);
    for (const name of [...own.keys()].filter((key) => key.startsWith('backbone.patch_embed.projection'))) {
      const tensor = own.get(name)!;
      own.set(name, { ...tensor, data: new Float32Array(tensor.data.length) });
    }
    const alone = new Map<string, Float64Array>();
    const plan = pruningPlan({ schedule: [] });
    referenceForward(
      { ...small, positionRows: 4, positionColumns: 5 },
      own,
      plan,
      new Float32Array(320),
      0,
      (name, value) => {
        alone.set(name, value.slice());
      },
    );
    const expected = alone.get('layer0.out')!;
    // The embedding is rounded to float32.
    for (const [i, value] of expected.entries()) expect(Math.abs(next[i] - value)).toBeLessThan(1e-5);
  });

  it('is not for other families, nor for every number of tokens', () => {
    for (const family of modelFamilies.filter((other) => other !== 'plainmamba')) {
      expect(() => pruningPlan({ schedule, signal: 'storm' }, family)).toThrow(
        'rule "storm" exists for PlainMamba only',
      );
    }
    const plan = pruningPlan({ schedule: [{ after: 1, keep: 0.55 }], signal: 'storm' }, 'plainmamba');
    expect(() => checkPlan(spec, plan)).toThrow(
      '17 tokens are to stay after block 1, which fill no smaller grid of 5x6',
    );
  });
});

/** Every row shortened by one: its nearest pair summed; one window holds all pairs of so short a line. */
function lines(
  metric: Float64Array,
  values: Float64Array,
  count: number,
  length: number,
  d: number,
  left: number,
): { metric: Float64Array; values: Float64Array } {
  expect(left).toBe(length - 1);
  const out = { metric: [] as number[], values: [] as number[] };
  for (let line = 0; line < count; line++) {
    const at = (rows: Float64Array, token: number) => [
      ...rows.subarray((line * length + token) * d, (line * length + token + 1) * d),
    ];
    const distances = Array.from({ length: Math.floor(length / 2) }, (_, pair) =>
      at(metric, 2 * pair).reduce((sum, value, i) => sum + Math.abs(value - at(metric, 2 * pair + 1)[i]), 0),
    );
    const nearest = 2 * distances.indexOf(Math.min(...distances));
    for (const [rows, to] of [
      [metric, out.metric],
      [values, out.values],
    ] as const) {
      for (let token = 0; token < length; token++) {
        if (token === nearest) continue;
        to.push(
          ...at(rows, token).map((value, i) =>
            token === nearest + 1 ? value + at(rows, nearest)[i] : value,
          ),
        );
      }
    }
  }
  return { metric: Float64Array.from(out.metric), values: Float64Array.from(out.values) };
}

/** Rows and columns of two grids changed for each other: [height, width, d] → [width, height, d]. */
function turned(
  metric: Float64Array,
  values: Float64Array,
  height: number,
  width: number,
  d: number,
): [Float64Array, Float64Array] {
  const turn = (rows: Float64Array) =>
    rows.map((_, i) => {
      const [token, channel] = [Math.floor(i / d), i % d];
      const [column, row] = [Math.floor(token / height), token % height];
      return rows[(row * width + column) * d + channel];
    });
  return [turn(metric), turn(values)];
}
