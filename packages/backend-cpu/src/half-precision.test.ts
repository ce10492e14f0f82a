/**
 * Whole graphs whose products into and out of the mixers are float16: what GPUs run. ONNX Runtime's processor kernels
 * widen the weights and compute in float32, so here it is the weights alone that are rounded.
 */
import { referenceBackend } from '@vssm/backend';
import { densePlan, newTrainableSpec, pruningPlan, randomWeights, trainableFamilies } from '@vssm/families';
import { openMatmulFloor, runWhole, wholeModel } from '@vssm/families/graph';
import { dataTypes, decodeModel, precisions, smallestModel } from '@vssm/graph';
import { describe, expect, it } from 'vitest';
import { createSession, onnxRuntime } from './ort.ts';

const shape = {
  ...{ imageHeight: 16, imageWidth: 16, inChannels: 1, patchSize: 4, classes: 10 },
  ...{ width: 48, depth: 4, stateSize: 8 },
};
const images = 8;
const pixels = Float32Array.from(
  { length: images * 256 },
  (_, i) => Math.sin(0.37 * i) + Math.cos(0.011 * i * i),
);
const samples = Array.from({ length: images }, (_, i) => i);

it.each(precisions)('the smallest model adds two numbers in %s', async (precision) => {
  const session = await createSession(smallestModel(precision), 1);
  const { Tensor } = await onnxRuntime();
  const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(1, 2, 2048, 2), [2, 2]) });
  expect([...(y.data as Float32Array)]).toEqual([3, 2050]);
  await session.release();
});

describe.each(trainableFamilies)('%s', (family) => {
  const spec = newTrainableSpec(family, shape);
  const weights = randomWeights(spec);
  const pruned = pruningPlan({ schedule: [{ after: 2, keep: 0.7 }] }, family);

  it.each([
    ['dense', densePlan],
    ['pruned', pruned],
  ])('%s: near the reference, and not as near as float32', async (_, plan) => {
    const { Tensor } = await onnxRuntime();
    const model = await referenceBackend.load({ spec, weights, plan });
    const exact = await model.run({ pixels, size: images, samples });
    const largest = Math.max(...exact.logits.map(Math.abs));
    const errors: number[] = [];
    for (const precision of precisions) {
      const session = await createSession(wholeModel(spec, weights, plan, { precision }), 1);
      const answer = await runWhole({ spec, plan, pixels, samples }, Tensor, (feeds) => session.run(feeds));
      await session.release();
      errors.push(Math.max(...answer.logits.map((x, i) => Math.abs(x - exact.logits[i]))) / largest);
      for (const [after, kept] of answer.kept)
        expect([...kept], precision).toEqual([...exact.kept.get(after)!]);
    }
    const [single, half] = errors;
    expect(single).toBeLessThan(1e-5);
    expect(half).toBeGreaterThan(10 * single);
    // Eleven bits a weight, through eight products one after another.
    expect(half).toBeLessThan(8 * 2 ** -11);
  });

  it('has two weights in half precision a block, the rest in float32', () => {
    const { graph, metadata_props } = decodeModel(wholeModel(spec, weights, pruned, { precision: 'f16' }));
    const halves = graph.initializer.filter(({ data_type }) => data_type === dataTypes.F16);
    expect(halves).toHaveLength(2 * spec.depth);
    for (const { dims, raw_data } of halves) expect(raw_data).toHaveLength(2 * dims[0] * dims[1]);
    expect(metadata_props.find(({ key }) => key === 'vssm.precision')?.value).toBe('f16');
    const plain = decodeModel(wholeModel(spec, weights, pruned));
    expect(plain.metadata_props.map(({ key }) => key)).not.toContain('vssm.precision');
  });

  it('so has the model of its products alone, which runs', async () => {
    // As deep as the published ones: values must stay within float16's range to the end, and away from zero.
    const deep = { ...newTrainableSpec(family, { ...shape, width: 192, depth: 24 }) };
    const { Tensor } = await onnxRuntime();
    let largest = Number.NaN;
    const open = async (bytes: Uint8Array) => {
      const { initializer } = decodeModel(bytes).graph;
      expect(initializer.filter(({ data_type }) => data_type === dataTypes.F16)).toHaveLength(2 * deep.depth);
      const session = await createSession(bytes, 1);
      return {
        async run(feeds: Parameters<typeof session.run>[0]) {
          const { logits } = await session.run(feeds);
          largest = Math.max(...(logits.data as Float32Array).map(Math.abs));
        },
        release: () => session.release(),
      };
    };
    const floor = await openMatmulFloor(deep, densePlan, Tensor, open, 'f16');
    await floor.run(2);
    await floor.dispose();
    expect(largest).toBeGreaterThan(0.05);
    expect(largest).toBeLessThan(50);
  });
});
