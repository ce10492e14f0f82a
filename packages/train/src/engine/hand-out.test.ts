/** What the engine's forward pass hands out to a rule file, signal by signal, against the float64 reference. */
import { registerRule, type SignalName, signalNames, type Tokens } from '@vssm/core';
import { densePlan, pruningPlan, referenceForward, type TrainableSpec } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { referenceGradient, trainingInput } from '../table.ts';
import {
  inferenceWeights,
  livelyParameters,
  randomImage,
  smallPlainSpec,
  smallRegisterSpec,
  smallSpec,
  smallVideoSpec,
} from '../test-support/made-up.ts';
import { checkTrainable, GradientEngine } from './engine.ts';

/** All but the recurrences, which nothing has been trained with. */
const handedOut = signalNames.filter((name) => name !== 'scans');
const families: Readonly<
  Record<string, { readonly spec: TrainableSpec; readonly signals: readonly SignalName[] }>
> = {
  Vim: { spec: smallSpec({ width: 8, innerWidth: 16, stateSize: 4, convKernel: 4 }), signals: handedOut },
  VideoMamba: {
    spec: smallVideoSpec({ width: 8, innerWidth: 16, stateSize: 4, convKernel: 4 }),
    signals: handedOut,
  },
  'Mamba-Reg': {
    spec: smallRegisterSpec({ registers: 4, reduction: 2 }),
    signals: handedOut,
  },
  PlainMamba: {
    spec: smallPlainSpec(),
    signals: handedOut.filter((name) => name !== 'gated-backward'),
  },
};
const schedule = [
  { after: 1, keep: 0.7 },
  { after: 2, keep: 0.7 },
];

/** A plan whose rule writes down what it is given, and ranks by position. */
function watchedPlan(
  spec: TrainableSpec,
  seen: Map<string, number[]>,
  names: readonly SignalName[],
  sha256: string,
) {
  const rule = {
    name: 'watch',
    signals: names,
    score(tokens: Tokens) {
      for (const name of names) {
        const value = tokens[name];
        const parts = Array.isArray(value) ? value : [value];
        seen.set(
          `image ${tokens.sample}, block ${tokens.block}, ${name}`,
          parts.flatMap((part) => [...part]),
        );
      }
      return Array.from(tokens.positions, (position) => Math.sin(position * 5));
    },
  };
  registerRule({ name: 'watch', sha256, file: 'watch.ts', rule });
  return pruningPlan({ schedule, rule: { name: 'watch', sha256 } }, spec.family);
}

describe.each(Object.entries(families))('%s', (_, { spec, signals }) => {
  it.each([...signals.map((name) => [name]), [...signals]])('%s', async (...names) => {
    const parameters = livelyParameters(spec, 3);
    const images = [randomImage(spec, 4), randomImage(spec, 5)];
    const seen = new Map<string, number[]>();
    const engine = await GradientEngine.create({
      ...{
        spec,
        plan: watchedPlan(spec, seen, names as SignalName[], '1'.repeat(64)),
        batch: 2,
        lossScale: 1,
      },
    });
    const flat = new Float32Array(engine.layout.size);
    for (const { name, first } of engine.layout.slots) flat.set(parameters.get(name)!, first);
    engine.setParameters(flat);
    engine.run({
      patches: Float32Array.from(images.flatMap((image) => [...trainingInput(spec, image)])),
      targets: new Float32Array(2 * spec.classes).fill(1 / spec.classes),
      samples: [7, 9],
    });

    const wanted = new Map<string, number[]>();
    // BatchNorm by the micro-batch's own values, as the training has it.
    const targets = images.map(() => new Float32Array(spec.classes));
    const { statistics } = referenceGradient(spec, parameters, densePlan, {
      images,
      targets,
      samples: [7, 9],
    });
    const weights = inferenceWeights(spec, parameters, statistics, images.length);
    const plan = watchedPlan(spec, wanted, names as SignalName[], '2'.repeat(64));
    for (const [i, image] of images.entries()) referenceForward(spec, weights, plan, image, [7, 9][i]);
    expect([...seen.keys()].sort()).toEqual([...wanted.keys()].sort());
    for (const [what, values] of wanted) {
      const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      const got = seen.get(what)!;
      expect(got.length, what).toBe(values.length);
      // float32 through two small blocks, relative to the largest value.
      const error = values.reduce((most, value, i) => Math.max(most, Math.abs(got[i] - value)), 0);
      expect(error / scale, what).toBeLessThan(1e-5);
    }
  });
});

it('a rule that reads recurrences is refused before anything is made', () => {
  const sha256 = 'd'.repeat(64);
  const score = ({ length }: Pick<Tokens<SignalName>, 'length'>) => new Float64Array(length);
  const rule = { name: 'reads-scans', signals: ['scans'], score } as const;
  registerRule({ name: 'reads-scans', sha256, file: './reads-scans.ts', rule });
  const { spec } = families.Vim;
  const plan = pruningPlan({ schedule, rule: { name: 'reads-scans', sha256 } }, spec.family);
  expect(() => checkTrainable(spec, plan)).toThrow('./reads-scans.ts: the rule reads "scans"');
});
