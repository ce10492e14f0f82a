/**
 * The conformance suite: one call in a backend's test file runs every golden case and every option of every family
 * on it, against the golden data and against the float64 reference.
 */
import {
  alignments,
  convModes,
  metrics,
  operations,
  type PruningPlan,
  rankingRules,
  reductions,
  signals,
  tokenOrders,
} from '@vssm/core';
import {
  families,
  type ModelFamily,
  type ModelSpec,
  modelFamilies,
  pruningPlan,
  randomWeights,
  tokenGrid,
} from '@vssm/families';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Backend, LoadedModel, ModelRequest, Prediction } from '../backend.ts';
import { loadExplained } from '../contributions.ts';
import { referenceBackend } from '../reference.ts';
import { goldenCases, referenceAnswer } from './expected.ts';
import { type GoldenCase, goldenBatch } from './golden/case.ts';
import { type FamilyTests, familyTests } from './golden/families.ts';

export interface Tolerance {
  /** Largest |Δlogit| against the golden float64 logits. */
  readonly golden: number;
  /** Largest |Δlogit| against the reference, relative to the largest |logit| of the case. */
  readonly relative: number;
}

/** What is added to every model request, for instance a thread count; and how much of the suite runs. */
export interface ConformanceOptions extends Partial<ModelRequest> {
  /** Default: all. */
  readonly families?: readonly ModelFamily[];
  /** Whether it runs rules that pair tokens, operations that merge them, and what else is not a ranking. Default: yes. */
  readonly merges?: boolean;
  /** Only every n-th combination of options, for slow backends. Default: 1, all of them. */
  readonly everyOption?: number;
  /** The same of rules that pair and operations that merge. Default: as `everyOption`. */
  readonly everyMerge?: number;
}

/**
 * What options do happens in a family's blocks: where another family with the same blocks is tried too, only every n-th
 * combination runs, beside all golden cases.
 */
const everySharedOption = 5;

export async function describeConformance(
  name: string,
  backend: Backend,
  tolerance: Tolerance,
  {
    families: chosen = modelFamilies,
    everyOption = 1,
    everyMerge = everyOption,
    merges = true,
    ...request
  }: ConformanceOptions = {},
): Promise<void> {
  for (const [place, family] of chosen.entries()) {
    const { oddShape, blocksOf }: FamilyTests<ModelSpec> = familyTests[family];
    const cases = await goldenCases(family);
    describeGolden(`${name}, ${family}: golden data`, backend, tolerance, request, cases);
    const shared = blocksOf !== undefined && chosen.includes(blocksOf);
    const some = (all: readonly PruningPlan[], own: number) => {
      const every = shared ? own * everySharedOption : own;
      // Begun elsewhere in each family, so that together they try more.
      return all.filter((_, i) => i % every === (shared ? place % every : 0));
    };
    const plans = [
      ...some(rankingPlans(cases[0].spec), everyOption),
      ...(merges ? some(mergingPlans(cases[0].spec), everyMerge) : []),
    ];
    const options = `${name}, ${family}: options against the reference`;
    describeOptions(options, backend, tolerance, request, cases[0], plans);
    describeContributions(`${name}, ${family}: contributions`, backend, tolerance, request, cases[0]);
    describeShape(`${name}, ${family}: shapes`, backend, tolerance, request, oddShape);
    if (merges) {
      const plan: Partial<PruningPlan> = { signal: 'tome' };
      describeShape(`${name}, ${family}: shapes, merging`, backend, tolerance, request, oddShape, plan);
    }
  }
}

type Request = Partial<ModelRequest>;

function describeGolden(
  name: string,
  backend: Backend,
  tolerance: Tolerance,
  request: Request,
  cases: readonly GoldenCase[],
): void {
  describe(name, () => {
    it.each(cases)('$name', async (golden) => {
      const prediction = await predict(backend, { ...golden, ...request }, golden.pixels, goldenBatch);
      expect(largestDifference(prediction.logits, golden.logits)).toBeLessThan(tolerance.golden);
      expectSameKept(prediction, golden);
    });
  });
}

function describeOptions(
  name: string,
  backend: Backend,
  tolerance: Tolerance,
  options: Request,
  dense: GoldenCase,
  plans: readonly PruningPlan[],
): void {
  describe(name, () => {
    it.each(plans.map((plan) => [describePlan(plan), plan] as const))('%s', async (_, plan) => {
      const request = { ...dense, plan, ...options };
      const samples = [7, 4];
      const expected = await referenceAnswer(dense, plan, { samples });
      const actual = await predict(backend, request, dense.pixels, goldenBatch, samples);
      expectSameKept(actual, expected);
      expect(largestDifference(actual.logits, expected.logits)).toBeLessThan(
        tolerance.relative * largest(expected.logits),
      );
    });
  });
}

/** What the classifier reads of each token, in every block, under plans that leave its sequence in different shapes. */
function describeContributions(
  name: string,
  backend: Backend,
  tolerance: Tolerance,
  options: Request,
  dense: GoldenCase,
): void {
  const planOf = twoStepPlan(dense.spec, 0.7);
  const plans: readonly (readonly [string, PruningPlan])[] = [
    ['dense', dense.plan],
    ['decay', planOf({})],
    ['mask', planOf({ alignment: 'mask' })],
    ['by contributions, merged', planOf({ signal: 'class-contribution', operation: 'merge' })],
    ...(families[dense.spec.family].plans.choices.storm
      ? ([
          [
            'on smaller grids',
            planOf({ schedule: smallerGrids(dense.spec), signal: 'storm', alignment: 'none' }),
          ],
        ] as const)
      : []),
  ];
  describe(name, () => {
    if (backend.contributions !== true) {
      it('are refused by name', () => {
        expect(() => loadExplained(backend, { ...dense, ...options })).toThrow(`--backend ${backend.name}`);
      });
      return;
    }
    it.each(plans)('%s', async (_, plan) => {
      const expected = await referenceAnswer(dense, plan, { explained: true });
      const model = await loadExplained(backend, { ...dense, plan, ...options });
      const actual = await runOnce(model, dense.pixels, goldenBatch);
      expect([...actual.contributions!.keys()]).toEqual(
        Array.from({ length: dense.spec.depth }, (_unused, block) => block + 1),
      );
      for (const [block, { scores, positions }] of expected.contributions!) {
        const own = actual.contributions!.get(block)!;
        expect(own.positions).toEqual(positions);
        // Sums of magnitudes: what is small is not the difference of large numbers.
        expect(largestDifference(own.scores, scores)).toBeLessThan(tolerance.golden * largest(scores));
      }
      expect(largestDifference(actual.logits, expected.logits)).toBeLessThan(
        tolerance.relative * largest(expected.logits),
      );
    });
  });
}

function describeShape(
  name: string,
  backend: Backend,
  tolerance: Tolerance,
  options: Request,
  spec: ModelSpec,
  rule: Partial<PruningPlan> = {},
): void {
  const { inChannels, imageHeight, imageWidth, classes } = spec;
  const size = inChannels * imageHeight * imageWidth;
  describe(`${name}, ${inChannels}x${imageHeight}x${imageWidth}`, () => {
    const weights = randomWeights(spec, 3);
    const plan = pruningPlan({ schedule: [{ after: 1, keep: 0.6 }], ...rule }, spec.family);
    const pixels = Float32Array.from({ length: 3 * size }, (_, i) => Math.sin(i * 0.7) + (i % 5) / 5);
    let model: LoadedModel;
    beforeAll(async () => {
      model = await backend.load({ spec, weights, plan, ...options });
    });
    afterAll(() => model.dispose());

    it('batch 1 and batch 3 give the same rows', async () => {
      const together = await model.run({ pixels, size: 3 });
      const expected = await predict(referenceBackend, { spec, weights, plan }, pixels, 3);
      expect(largestDifference(together.logits, expected.logits)).toBeLessThan(tolerance.golden);
      expectSameKept(together, expected);
      for (let item = 0; item < 3; item++) {
        const image = pixels.subarray(item * size, (item + 1) * size);
        const alone = await model.run({ pixels: image, size: 1 });
        const row = together.logits.subarray(item * classes, (item + 1) * classes);
        expect(largestDifference(alone.logits, row)).toBeLessThan(tolerance.golden);
      }
    });

    it('permuting the batch permutes the results', async () => {
      const together = await model.run({ pixels, size: 3 });
      const permuted = new Float32Array(pixels.length);
      for (let item = 0; item < 3; item++) {
        permuted.set(pixels.subarray(item * size, (item + 1) * size), ((item + 1) % 3) * size);
      }
      const turned = await model.run({ pixels: permuted, size: 3 });
      for (let item = 0; item < 3; item++) {
        const to = (item + 1) % 3;
        const before = together.logits.subarray(item * classes, (item + 1) * classes);
        const after = turned.logits.subarray(to * classes, (to + 1) * classes);
        expect(largestDifference(after, before)).toBeLessThan(tolerance.golden);
      }
    });

    it('refuses a batch whose pixels do not fit', async () => {
      await expect(model.run({ pixels: pixels.subarray(1), size: 3 })).rejects.toThrow(String(3 * size - 1));
    });
  });
}

/**
 * Every choice that the family has, by what its plans admit: each signal with each alignment and convolution, each
 * reduction of each signal of channels with each alignment, each slip of the released code with each reduction, and
 * schedules at the ends of what there is.
 */
function rankingPlans({ family, depth }: ModelSpec): PruningPlan[] {
  const { choices } = families[family].plans;
  const planOf = twoStepPlan({ family, depth }, 0.5);
  const own = rankingRules.filter((signal) => signal !== 'gated-backward' || choices['gated-backward']);
  const ofChannels = own.filter((signal) => signal !== 'random' && signal !== 'evit');
  const convs = convModes.filter((conv) => conv === 'positional' || choices.compact);
  const others = reductions.filter((reduce) => reduce !== 'clip');

  const plans = alignments.flatMap((alignment) => [
    ...own.flatMap((signal) =>
      convs
        .filter((conv) => alignment !== 'mask' || conv !== 'compact')
        .map((conv) => planOf({ signal, alignment, conv })),
    ),
    ...ofChannels.flatMap((signal) => others.map((reduce) => planOf({ signal, reduce, alignment }))),
  ]);
  for (const reduce of reductions) {
    if (choices.mirrored) plans.push(planOf({ reduce, order: 'mirrored', alignment: 'none' }));
    if (choices.countClassToken) plans.push(planOf({ reduce, countClassToken: true }));
    if (choices.recentred) plans.push(planOf({ reduce, alignment: 'none', tokenOrder: 'recentred' }));
  }
  const oneStep = [
    { after: depth, keep: 0.5 },
    { after: 1, keep: 1 },
    // So few tokens stay that most of each neighbourhood is empty.
    { after: 1, keep: 0.05 },
  ].map((step) => planOf({ schedule: [step] }));
  return [...plans, ...oneStep];
}

/** Two steps one after the other, in the middle; the second keeps `last`. */
function twoStepPlan({ family, depth }: Pick<ModelSpec, 'family' | 'depth'>, last: number) {
  const middle = Math.floor(depth / 2);
  const schedule = [
    { after: middle, keep: 0.6 },
    { after: middle + 1, keep: last },
  ];
  return (options: Partial<PruningPlan>) => pruningPlan({ schedule, seed: 11, ...options }, family);
}

/**
 * Rules that do more than rank by one signal, and merging: each rule and each operation with each alignment, each
 * metric, and the class token's places.
 */
function mergingPlans(spec: ModelSpec): PruningPlan[] {
  const { family, depth } = spec;
  const { choices } = families[family].plans;
  // ToMe and UTR let half of the tokens leave at most.
  const planOf = twoStepPlan({ family, depth }, 0.7);
  const others = signals.filter(
    (signal) => signal !== 'storm' && !rankingRules.some((name) => name === signal),
  );
  const every = operations.flatMap((operation) =>
    (['gated', 'tome'] as const).map((signal) => ({ signal, operation })),
  );
  const plans = alignments.flatMap((alignment) =>
    [
      ...every,
      ...others.map((signal) => ({ signal })),
      { signal: 'class-contribution', operation: 'merge' } as const,
    ].map((rule) => planOf({ ...rule, alignment })),
  );
  for (const metric of metrics) plans.push(planOf({ signal: 'tome', metric }));
  if (choices.compact) {
    const naive = { alignment: 'none', conv: 'compact' } as const;
    plans.push(planOf({ signal: 'class-contribution', ...naive }));
    const orders = tokenOrders.filter((order) => order === 'original' || choices[order]);
    plans.push(...orders.map((tokenOrder) => planOf({ signal: 'tome', ...naive, tokenOrder })));
    if (choices.proportional) plans.push(planOf({ ...naive, tokenOrder: 'proportional' }));
  }
  if (choices.storm) {
    const schedule = smallerGrids(spec);
    for (const operation of ['merge-sum', 'merge', 'drop'] as const) {
      plans.push(planOf({ schedule, signal: 'storm', alignment: 'none', operation }));
    }
  }
  const late = planOf({ schedule: [{ after: depth, keep: 0.6 }], signal: 'tome' });
  return [...new Map([...plans, late].map((plan) => [JSON.stringify(plan), plan])).values()];
}

/** Two steps, each of which leaves a grid with a row and a column less. */
function smallerGrids(spec: ModelSpec): PruningPlan['schedule'] {
  const { height, width } = tokenGrid(spec);
  const middle = Math.floor(spec.depth / 2);
  return [0, 1].map((step) => {
    const [before, after] = [step, step + 1].map((less) => (height - less) * (width - less));
    return { after: middle + step, keep: after / before };
  });
}

function describePlan(plan: PruningPlan): string {
  const { schedule, countClassToken, operation = 'drop', metric = '' } = plan;
  return (
    [
      plan.signal,
      plan.reduce,
      plan.order,
      plan.alignment,
      plan.conv,
      plan.tokenOrder,
      operation,
      metric,
    ].join(' ') +
    ` after ${schedule.map(({ after, keep }) => `${after}@${keep}`).join(',')}${countClassToken ? ' counting class' : ''}`
  );
}

async function predict(
  backend: Backend,
  request: ModelRequest,
  pixels: Float32Array,
  size: number,
  samples?: readonly number[],
): Promise<Prediction> {
  return runOnce(await backend.load(request), pixels, size, samples);
}

async function runOnce(
  model: LoadedModel,
  pixels: Float32Array,
  size: number,
  samples?: readonly number[],
): Promise<Prediction> {
  try {
    return await model.run({ pixels, size, ...(samples && { samples }) });
  } finally {
    await model.dispose();
  }
}

function expectSameKept(actual: Pick<Prediction, 'kept'>, expected: Pick<GoldenCase, 'kept'>): void {
  expect([...actual.kept].map(([after, positions]) => [after, [...positions]])).toEqual(
    [...expected.kept].map(([after, positions]) => [after, [...positions]]),
  );
}

function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((max, value) => Math.max(max, Math.abs(value)), 0);
}

/** Infinity where the lengths differ or a value is not a number, so that neither can pass. */
function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  const differences = Array.from(a, (value, i) => Math.abs(value - b[i]));
  return differences.some(Number.isNaN) ? Infinity : largest(differences);
}
