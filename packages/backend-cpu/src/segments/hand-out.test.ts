/** What the engine hands out to a rule, signal by signal, against the float64 reference. */
import {
  type Rule,
  registerRule,
  type ScanSteps,
  type SignalName,
  signalNames,
  type Tokens,
} from '@vssm/core';
import {
  type ModelSpec,
  mambaRegSpec,
  plainMambaSpec,
  pruningPlan,
  randomWeights,
  referenceForward,
  videoMambaSpec,
  vimSpec,
} from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { SegmentEngine } from './engine.ts';

const shape = {
  ...{ width: 104, depth: 3, imageHeight: 20, imageWidth: 20, inChannels: 1, patchSize: 4 },
  ...{ stateSize: 8, classes: 4 },
};
/** E = 208, so that three threads share the channels. */
const families: readonly { readonly spec: ModelSpec; readonly has: readonly SignalName[] }[] = [
  { spec: vimSpec({ ...shape, stride: 4 }), has: signalNames },
  {
    spec: plainMambaSpec({ ...shape, stemConvs: 1, stemWidth: 8, depthwiseLayers: [0, 1] }),
    has: signalNames.filter((name) => name !== 'gated-backward'),
  },
  // Directions that are added, not averaged; and several protected tokens.
  { spec: videoMambaSpec({ ...shape, stride: 4 }), has: signalNames },
  { spec: mambaRegSpec({ ...shape, stride: 4, registers: 4, reduction: 2 }), has: signalNames },
];
const schedule = [
  { after: 1, keep: 0.6 },
  { after: 2, keep: 0.7 },
];
const samples = [5, 8];
const pixels = Float32Array.from({ length: 2 * 400 }, (_, i) => Math.sin(i * 0.37) * 2);

/** By image, block and signal: the arrays of all directions one after another. */
type Seen = Map<string, number[]>;

let count = 0;

/** Every number of a signal: of one array, of several, or of what each scan is made of, field by field. */
function numbersOf(value: Tokens[SignalName]): number[] {
  if (!Array.isArray(value)) return [...(value as Float64Array)];
  return value.flatMap((part: ScanSteps | Float64Array) => {
    if (ArrayBuffer.isView(part)) return [...part];
    const { tokens, rows, gaps, delta, deltaOfNothing, B, C, u, A } = part;
    return [tokens, rows, gaps, delta, deltaOfNothing, B, C, u, A].flatMap((numbers) => [...numbers]);
  });
}

/** A plan whose rule reads these signals, writes down what it saw, and ranks by something that all forms agree on. */
function watchedPlan(names: readonly SignalName[], alignment: 'decay' | 'mask', spec: ModelSpec) {
  const seen: Seen = new Map();
  const sha256 = String(++count).padStart(64, '0');
  const rule: Rule = {
    name: 'watch',
    signals: names,
    score(tokens: Tokens) {
      for (const name of names) {
        const value = tokens[name];
        seen.set(`${tokens.sample} ${tokens.block} ${name}`, numbersOf(value));
      }
      const { positions, protectedTokens, classToken, length, fullLength, step, live, sizes } = tokens;
      seen.set(`${tokens.sample} ${tokens.block} context`, [
        ...[length, fullLength, step, classToken ?? -1, tokens.channels, tokens.states, tokens.width],
        ...protectedTokens,
        ...positions,
        ...sizes,
        ...(live ?? []),
      ]);
      return Array.from(positions, (position) => Math.sin(position * 5));
    },
  };
  registerRule({ name: 'watch', sha256, file: 'watch.ts', rule });
  const plan = pruningPlan({ schedule, alignment, rule: { name: 'watch', sha256 } }, spec.family);
  return { plan, seen };
}

function largestError(got: readonly number[], want: readonly number[]): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  const scale = want.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return got.reduce((most, value, i) => Math.max(most, Math.abs(value - want[i])), 0) / scale;
}

describe.each(families)('signals of $spec.family', ({ spec, has }) => {
  const weights = randomWeights(spec, 2);
  /** What the reference shows of every signal, computed once for all questions. */
  const shown = new Map(
    (['decay', 'mask'] as const).map((alignment) => {
      const { plan, seen } = watchedPlan(has, alignment, spec);
      for (const [image, sample] of samples.entries()) {
        referenceForward(spec, weights, plan, pixels.subarray(image * 400, (image + 1) * 400), sample);
      }
      return [alignment, seen] as const;
    }),
  );
  // Each by itself, because what the kernels leave depends on what is asked for; and all at once.
  const questions = [...has.map((name) => [name]), has];
  const cases = questions.flatMap((names) =>
    [1, 3].map((threads) => ({ names, threads, alignment: 'decay' as const })),
  );
  it.each([...cases, { names: has, threads: 1, alignment: 'mask' as const }])(
    '$names, $threads threads, $alignment',
    async ({ names, threads, alignment }) => {
      const asked = new Set(['context', ...names]);
      const expected = [...shown.get(alignment)!].filter(([what]) => asked.has(what.split(' ')[2]));
      const { plan, seen } = watchedPlan(names, alignment, spec);
      const engine = await SegmentEngine.create(spec, weights, plan, threads, {
        splitImages: threads > 1,
        // Partner threads hand signals over; native kernels leave them in place, as one thread does.
        ...(threads > 1 && { kernels: 'wasm' }),
      });
      await engine.run({ pixels, samples });
      await engine.dispose();
      expect([...seen.keys()].sort()).toEqual(expected.map(([what]) => what).sort());
      for (const [what, values] of expected) {
        // float32 through two blocks of sums over 208 channels, relative to the largest value.
        expect(largestError(seen.get(what)!, values), what).toBeLessThan(1e-5);
      }
    },
  );

  it('computes no signal that nobody asked for', async () => {
    const { plan } = watchedPlan([], 'decay', spec);
    const engine = await SegmentEngine.create(spec, weights, plan, 1);
    expect(engine.handsOut).toEqual({});
    await engine.dispose();
  });
});
