/** Merging in the float64 reference: by hand on what a block has put out, and properties that every rule must have. */
import {
  builtInRules,
  keptCount,
  metrics,
  operations,
  type PruningPlan,
  pairsByItself,
  registerRule,
  signals,
} from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { countRule } from './counts.ts';
import { sequenceLength, tokenLayout } from './model.ts';
import { plainMambaSpec } from './plainmamba/spec.ts';
import { checkPlan, densePlan, pruningPlan } from './plan.ts';
import { randomWeights } from './random-weights.ts';
import { referenceForward } from './reference.ts';
import { families, type ModelSpec } from './table.ts';
import { vimSpec } from './vim/spec.ts';

const shape = {
  ...{ width: 8, depth: 3, imageHeight: 20, imageWidth: 24, inChannels: 1, patchSize: 4 },
  ...{ stateSize: 3, classes: 4 },
};
const specs: readonly ModelSpec[] = [
  vimSpec({ ...shape, stride: 4 }),
  plainMambaSpec({ ...shape, stemConvs: 0, stemWidth: 4, depthwiseLayers: [1] }),
];
const image = Float32Array.from({ length: 480 }, (_, i) => Math.sin(i * 0.7) + (i % 7) / 5);
const twoSteps = [
  { after: 1, keep: 0.7 },
  { after: 2, keep: 0.6 },
];

type Seen = Map<string, Float64Array>;

function run(spec: ModelSpec, options: Partial<PruningPlan> = {}, schedule = twoSteps) {
  const seen: Seen = new Map();
  const plan = pruningPlan({ schedule, ...options }, spec.family);
  const prediction = referenceForward(spec, randomWeights(spec, 2), plan, image, 5, (name, value) => {
    seen.set(name, value.slice());
  });
  return { ...prediction, seen, plan };
}

/** What a family has of every rule, operation and metric. */
function everyMerge({ family }: ModelSpec): Partial<PruningPlan>[] {
  const own = signals.filter(
    // STORM has no alignment, and not every length: storm.test.ts.
    (name) => name !== 'storm' && (name !== 'gated-backward' || families[family].plans.choices[name]),
  );
  const plans = own.flatMap((signal) =>
    operations
      .filter((operation) => operation !== 'drop' || pairsByItself({ signal }))
      .map((operation) => ({ signal, operation })),
  );
  return [...plans, ...metrics.map((metric) => ({ signal: 'tome' as const, metric }))];
}

describe.each(specs)('$family', (spec) => {
  const length = sequenceLength(spec);
  const dense = run(spec, {}, []);

  it.each(everyMerge(spec))('%o: keeps as many as are to stay, protected tokens among them', (options) => {
    for (const alignment of ['none', 'decay', 'mask'] as const) {
      const { kept, plan, logits } = run(spec, { ...options, alignment });
      let left = length;
      for (const { after, keep } of twoSteps) {
        left = keptCount(left, keep, countRule(spec, plan));
        const positions = kept.get(after)!;
        expect(new Set(positions).size).toBe(left);
        expect([...positions]).toEqual([...positions].sort((a, b) => a - b));
        expect([...positions]).toEqual(expect.arrayContaining([...tokenLayout(spec).protectedTokens]));
      }
      expect(logits.every(Number.isFinite)).toBe(true);
    }
  });

  it.each(everyMerge(spec))('%o: sizes sum to the unpruned length, unless tokens are dropped', (options) => {
    for (const alignment of ['none', 'mask'] as const) {
      const { seen, kept } = run(spec, { ...options, alignment });
      for (const { after } of twoSteps) {
        const sizes = seen.get(`step${after}.sizes`);
        if (options.operation === 'drop') expect(sizes).toBeUndefined();
        else expect(sizes?.reduce((sum, size) => sum + size, 0)).toBe(length);
        expect(sizes?.filter((size) => size > 0).length ?? kept.get(after)!.length).toBe(
          kept.get(after)!.length,
        );
      }
    }
  });

  it.each(everyMerge(spec))('%o: keeping everything is the dense model bit for bit', (options) => {
    const all = run(spec, options, [{ after: 1, keep: 1 }]);
    expect(all.logits).toEqual(dense.logits);
    expect(pruningPlan({ schedule: [] })).toEqual(densePlan);
  });

  it('a rule that scores keeps the same tokens, whether the others are dropped or merged', () => {
    for (const signal of ['gated', 'delta', 'class-contribution'] as const) {
      const schedule = [twoSteps[0]];
      const [dropped, merged] = (['drop', 'merge'] as const).map((operation) =>
        run(spec, { signal, operation }, schedule),
      );
      expect(merged.kept.get(1)).toEqual(dropped.kept.get(1));
      expect(merged.logits).not.toEqual(dropped.logits);
    }
  });

  it('a rule file that pairs as ToMe does gives what ToMe gives', () => {
    const tome = builtInRules.tome.rule({ reduce: 'clip', order: 'aligned', seed: 0, metric: 'hidden' });
    const sha256 = 'c'.repeat(64);
    registerRule({ name: 'mine', sha256, file: 'mine.ts', rule: { ...tome, name: 'mine' } });
    const own = run(spec, { rule: { name: 'mine', sha256 } });
    const builtIn = run(spec, { signal: 'tome' });
    expect(own.plan).toMatchObject({ operation: 'merge' });
    expect(own.plan).not.toHaveProperty('metric');
    expect(own.kept).toEqual(builtIn.kept);
    expect(own.logits).toEqual(builtIn.logits);
  });

  it('says how much it can merge at most', () => {
    expect(() => run(spec, { signal: 'tome' }, [{ after: 2, keep: 0.3 }])).toThrow(
      /rule "tome": \d+ of 30 tokens are to leave after block 2, and it finds a destination for 15 at most/,
    );
  });

  it.each(['tome', 'utr'] as const)(
    'says of %s before anything runs which step is too much, and what fits',
    (signal) => {
      // An odd number of tokens after the first step: half of them, rounded up, may leave.
      const schedule = [0.55, 0.4].map((keep, i) => ({ after: 1 + i, keep }));
      const plan = pruningPlan({ schedule, signal }, spec.family);
      const message =
        /^rule ".*": (\d+) of (\d+) tokens are to leave after block 2, and it finds a destination for (\d+) at most; there 2@(\S+) fits, or take several steps$/;
      let said = '';
      try {
        checkPlan(spec, plan);
      } catch (error) {
        said = (error as Error).message;
      }
      const [, leaving, others, most, keep] = message.exec(said)!;
      expect(Number(leaving)).toBeGreaterThan(Number(most));
      expect(Number(most)).toBe(Math.ceil(Number(others) / 2));
      const fitting = (ratio: number) =>
        pruningPlan({ schedule: [schedule[0], { after: 2, keep: ratio }], signal }, spec.family);
      expect(() => checkPlan(spec, fitting(Number(keep)))).not.toThrow();
      expect(() => checkPlan(spec, fitting(Number(keep) - 0.01))).toThrow('after block 2');
      // And what fits does run.
      expect(run(spec, { signal }, [...fitting(Number(keep)).schedule]).kept.size).toBe(2);
    },
  );
});

describe('ordered ToMe on a Vim, by hand', () => {
  const [spec] = specs;
  const d = spec.width;
  const classToken = tokenLayout(spec).protectedTokens[0];
  const schedule = [twoSteps[0]];

  /** Pairs by the definition: r most similar of even → odd places, the class token left out. */
  function pairsOf(hidden: Float64Array, leaving: number): [number, number][] {
    const row = (token: number) => [...hidden.subarray(token * d, (token + 1) * d)];
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
    const cosine = (a: number[], b: number[]) => dot(a, b) / Math.hypot(...a) / Math.hypot(...b);
    const others = Array.from({ length: hidden.length / d }, (_, i) => i).filter((i) => i !== classToken);
    const even = others.filter((_, i) => i % 2 === 0);
    const odd = others.filter((_, i) => i % 2 === 1);
    const links = even.map((from) => {
      const similarities = odd.map((to) => cosine(row(from), row(to)));
      const most = Math.max(...similarities);
      return { from, to: odd[similarities.indexOf(most)], most };
    });
    return links
      .sort((a, b) => b.most - a.most)
      .slice(0, leaving)
      .map(({ from, to }) => [from, to]);
  }

  /** The stream that enters the second block's norm: both streams merged by plain loops, and their sum. */
  function merged(operation: PruningPlan['operation'], seen: Seen, pairs: [number, number][]): number[] {
    const streams = (['hidden', 'residual'] as const).map((name) => {
      const rows = seen.get(`block0.${name}`)!;
      const joins = (i: number) => operation !== 'half' || name === 'residual' || i < pairs.length / 2;
      return Array.from({ length: rows.length / d }, (_, token) => {
        const members = [
          token,
          ...pairs.filter(([, to], i) => to === token && joins(i)).map(([from]) => from),
        ];
        const divisor = operation === 'merge-sum' ? 1 : members.length;
        return Array.from({ length: d }, (_, column) =>
          operation === 'drop'
            ? rows[token * d + column]
            : members.reduce((sum, member) => sum + rows[member * d + column], 0) / divisor,
        );
      }).filter((_, token) => !pairs.some(([from]) => from === token));
    });
    const [hidden, residual] = streams.map((rows) => rows.flat());
    return residual.map((value, i) => value + hidden[i]);
  }

  it.each(operations)('%s', (operation) => {
    const { seen, kept } = run(spec, { signal: 'tome', operation }, schedule);
    const leaving = 31 - kept.get(1)!.length;
    const pairs = pairsOf(seen.get('block0.hidden')!, leaving);
    expect(leaving).toBe(10);
    const left = new Set(pairs.map(([from]) => from));
    const stayed = Array.from({ length: 31 }, (_, i) => i).filter((i) => !left.has(i));
    expect([...kept.get(1)!]).toEqual(stayed);
    const wanted = merged(operation, seen, pairs);
    const got = seen.get('block1.residual')!;
    expect(got.length).toBe(wanted.length);
    // Sums of a few numbers below ten, in another order.
    for (const [i, value] of wanted.entries()) expect(Math.abs(got[i] - value)).toBeLessThan(1e-13);
  });

  it('the class token’s place is in proportion where it is asked for', () => {
    const naive = { alignment: 'none', conv: 'compact' } as const;
    const { kept } = run(spec, { signal: 'tome', ...naive, tokenOrder: 'proportional' }, schedule);
    expect(kept.get(1)!.indexOf(classToken)).toBe(Math.floor((classToken * 21) / 31));
  });
});
