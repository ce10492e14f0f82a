/** What the engine's forward pass hands out to a rule file, signal by signal, against the float64 reference. */
import { registerRule, type SignalName, signalNames, type Tokens } from '@vssm/core';
import { pruningPlan, referenceForward } from '@vssm/families';
import { expect, it } from 'vitest';
import { GradientEngine } from '../engine/engine.ts';
import { trainingInput } from '../table.ts';
import { livelyParameters, randomImage, smallSpec } from '../test-support/made-up.ts';

const spec = smallSpec({ width: 8, innerWidth: 16, stateSize: 4, convKernel: 4 });
const schedule = [
  { after: 1, keep: 0.7 },
  { after: 2, keep: 0.7 },
];

/** A plan whose rule writes down what it is given, and ranks by position. */
function watchedPlan(seen: Map<string, number[]>, names: readonly SignalName[], sha256: string) {
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
  return pruningPlan({ schedule, rule: { name: 'watch', sha256 } }, 'vim');
}

it.each([...signalNames.map((name) => [name]), [...signalNames]])('%s', async (...names) => {
  const parameters = livelyParameters(spec, 3);
  const images = [randomImage(spec, 4), randomImage(spec, 5)];
  const seen = new Map<string, number[]>();
  const engine = await GradientEngine.create({
    ...{ spec, plan: watchedPlan(seen, names as SignalName[], '1'.repeat(64)), batch: 2, lossScale: 1 },
  });
  const flat = new Float32Array(engine.layout.size);
  for (const { name, first } of engine.layout.slots) flat.set(parameters.get(name)!, first);
  engine.setParameters(flat);
  await engine.run({
    patches: Float32Array.from(images.flatMap((image) => [...trainingInput(spec, image)])),
    targets: new Float32Array(2 * spec.classes).fill(1 / spec.classes),
    samples: [7, 9],
  });
  await engine.release();

  const wanted = new Map<string, number[]>();
  const weights = new Map(
    engine.layout.slots.map(({ name, shape }) => {
      return [name, { dtype: 'F32', shape, data: Float32Array.from(parameters.get(name)!) }] as const;
    }),
  );
  const plan = watchedPlan(wanted, names as SignalName[], '2'.repeat(64));
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
