/** Properties that every pruned forward pass must have, on random models and grids. */
import { alignments, keptCount, type PruningPlan, registerRule, signals, uniformNumbers } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { sequenceLength } from '../model.ts';
import { densePlan, pruningPlan } from '../plan.ts';
import { randomWeights } from '../random-weights.ts';
import { referenceForward } from '../reference.ts';
import { plainMambaLayer, plainMambaPass } from './reference.ts';
import { plainMambaGrid, plainMambaSpec } from './spec.ts';

interface Model {
  readonly spec: ReturnType<typeof plainMambaSpec>;
  readonly weights: ReturnType<typeof randomWeights>;
  readonly image: Float32Array;
  readonly seed: number;
}

function randomModel(seed: number): Model {
  const uniform = uniformNumbers(seed);
  const whole = (least: number, most: number) => least + Math.floor(uniform() * (most - least + 1));
  const spec = plainMambaSpec({
    width: whole(4, 12),
    depth: 3,
    stemWidth: whole(2, 5),
    stemConvs: whole(0, 2),
    stateSize: whole(1, 4),
    convKernel: [3, 5, 7][whole(0, 2)],
    depthwiseLayers: uniform() < 0.5 ? [whole(0, 2)] : [],
    patchSize: 4,
    imageHeight: whole(5, 26),
    imageWidth: whole(5, 26),
    positionRows: whole(1, 5),
    positionColumns: whole(1, 5),
    classes: 4,
  });
  const image = Float32Array.from(
    { length: 3 * spec.imageHeight * spec.imageWidth },
    () => 4 * uniform() - 2,
  );
  return { spec, weights: randomWeights(spec, seed), image, seed };
}

const models = [1, 2, 3, 4, 5, 6].map(randomModel);
const planOf = (options: Partial<PruningPlan> & Pick<PruningPlan, 'schedule'>) =>
  pruningPlan(options, 'plainmamba');
const twoSteps = [
  { after: 1, keep: 0.7 },
  { after: 2, keep: 0.6 },
];

it.each(alignments)('a rule sees the grid as long as all tokens fill it, %s', (alignment) => {
  const seen: unknown[] = [];
  const sha256 = `${alignments.indexOf(alignment)}`.padStart(64, 'f');
  registerRule({
    ...{ name: 'watch', sha256, file: './watch.ts' },
    rule: {
      ...{ name: 'watch', signals: [] },
      score({ length, grid }) {
        seen.push(grid);
        return Array.from({ length }, (_, token) => token);
      },
    },
  });
  const [{ spec, weights, image }] = models;
  const plan = planOf({ schedule: twoSteps, alignment, rule: { name: 'watch', sha256 } });
  referenceForward(spec, weights, plan, image, 0);
  expect(seen).toEqual([plainMambaGrid(spec), undefined]);
});

describe.each(models)(
  'PlainMamba $spec.imageHeight x $spec.imageWidth, seed $seed',
  ({ spec, weights, image }) => {
    const run = (plan: PruningPlan, observe = (_name: string, _value: Float64Array) => {}) =>
      referenceForward(spec, weights, plan, image, 5, observe);
    const dense = run(densePlan);

    it.each(alignments)('keeping everything is the dense model bit for bit, %s', (alignment) => {
      expect(dense.logits.every(Number.isFinite)).toBe(true);
      expect(run(planOf({ schedule: [], alignment })).logits).toEqual(dense.logits);
      const schedule = twoSteps.map(({ after }) => ({ after, keep: 1 }));
      const { logits, kept } = run(planOf({ schedule, alignment }));
      expect(logits).toEqual(dense.logits);
      expect(kept.get(2)).toEqual(Int32Array.from({ length: sequenceLength(spec) }, (_, cell) => cell));
    });

    it.each(signals.filter((signal) => signal !== 'gated-backward' && signal !== 'storm'))(
      'keeps the right number, %s',
      (signal) => {
        const { kept } = run(planOf({ schedule: twoSteps, signal }));
        let before = Array.from({ length: sequenceLength(spec) }, (_, cell) => cell);
        for (const { after, keep } of twoSteps) {
          const cells = [...kept.get(after)!];
          expect(cells).toHaveLength(keptCount(before.length, keep, 'every-token'));
          expect(cells).toEqual(cells.toSorted((a, b) => a - b));
          expect(cells.every((cell) => before.includes(cell))).toBe(true);
          before = cells;
        }
      },
    );

    it.each(alignments)('never reads a pruned token again, %s', (alignment) => {
      const plan = planOf({ schedule: twoSteps, alignment });
      const honest = run(plan);
      let before: Int32Array = Int32Array.from({ length: sequenceLength(spec) }, (_, cell) => cell);
      const poisoned = run(plan, (name, tokens) => {
        const step = twoSteps.find(({ after }) => name === `layer${after - 1}.out`);
        if (step === undefined) return;
        const kept = honest.kept.get(step.after)!;
        for (const [token, cell] of before.entries()) {
          // Finite, because `mask` multiplies by zero.
          if (!kept.includes(cell)) tokens.fill(1e30, token * spec.width, (token + 1) * spec.width);
        }
        if (alignment !== 'mask') before = kept;
      });
      expect(poisoned.logits).toEqual(honest.logits);
      expect(poisoned.kept).toEqual(honest.kept);
    });

    it('answers differently by alignment, so that the properties above are not empty', () => {
      if (sequenceLength(spec) < 4) return;
      const [none, decay, mask] = alignments.map(
        (alignment) => run(planOf({ schedule: twoSteps, alignment })).logits,
      );
      expect(none).not.toEqual(dense.logits);
      expect(mask).not.toEqual(decay);
      expect(decay).not.toEqual(none);
    });
  },
);

// docs/method.md: under `mask`, a pruned cell is a zero token, which LayerNorm and the projection do not leave zero.
it('gives the convolution the projection of LayerNorm’s bias at cells whose token is zero', () => {
  const { spec, weights } = models[0];
  const { width: d, innerWidth: E, convKernel: kernel } = spec;
  const seen = new Map<string, Float64Array>();
  const parameter = (name: string) => weights.get(name)!.data;
  const pass = plainMambaPass(spec, parameter, { alignment: 'mask' }, (name, value) => seen.set(name, value));
  const { height, width } = plainMambaGrid(spec);
  const cells = height * width;
  const every = Int32Array.from({ length: cells }, (_, cell) => cell);
  plainMambaLayer(pass, 0, new Float64Array(cells * d), every);

  const own = (name: string) => parameter(`backbone.layers.0.${name}`);
  const beta = own('norm.bias');
  const input = Array.from({ length: E }, (_, channel) =>
    beta.reduce(
      (sum, value, i) => sum + own('mamba.in_proj.weight')[channel * d + i] * value,
      own('mamba.in_proj.bias')[channel],
    ),
  );
  expect(input.some((value) => Math.abs(value) > 1e-3)).toBe(true);
  for (let cell = 0; cell < cells; cell++) {
    for (let channel = 0; channel < E; channel++) {
      let sum = own('mamba.conv2d.bias')[channel];
      for (let tap = 0; tap < kernel ** 2; tap++) {
        const row = Math.floor(cell / width) + Math.floor(tap / kernel) - (kernel - 1) / 2;
        const column = (cell % width) + (tap % kernel) - (kernel - 1) / 2;
        const inside = row >= 0 && row < height && column >= 0 && column < width;
        if (inside) sum += own('mamba.conv2d.weight')[channel * kernel ** 2 + tap] * input[channel];
      }
      const expected = sum / (1 + Math.exp(-sum));
      expect(Math.abs(seen.get('layer0.x_conv')![cell * E + channel] - expected)).toBeLessThan(1e-12);
    }
  }
});
