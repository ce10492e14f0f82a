import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cellOf, checkSpec, modelTensors, parameterCount, sequenceLength, tokenGrid } from '../model.ts';
import { randomWeights } from '../random-weights.ts';
import {
  type PlainMambaModelName,
  plainMambaBuffers,
  plainMambaModels,
  plainMambaParameters,
  plainMambaSpec,
  stemSize,
} from './spec.ts';

const official = JSON.parse(
  readFileSync(new URL('../../testdata/plainmamba-shapes.json', import.meta.url), 'utf8'),
) as Record<
  PlainMambaModelName,
  { total_params: number; buffers: string[]; tensors: Record<string, number[]> }
>;

describe.each(['plainmamba-l1', 'plainmamba-l2', 'plainmamba-l3'] as const)('%s', (name) => {
  const { total_params, buffers, tensors } = official[name];
  const spec = plainMambaModels[name];

  it('has the official tensors, by name and shape', () => {
    expect(Object.fromEntries(modelTensors(spec))).toEqual(tensors);
  });

  it('has the official buffers, which are no parameters', () => {
    expect([...plainMambaBuffers(spec).keys()].sort()).toEqual(buffers.toSorted());
    for (const buffer of buffers) expect(plainMambaParameters(spec).has(buffer)).toBe(false);
  });

  it('has the official parameter total', () => {
    const published = { 'plainmamba-l1': 7551656, 'plainmamba-l2': 26145832, 'plainmamba-l3': 50956456 };
    expect(parameterCount(spec)).toBe(total_params);
    expect(total_params).toBe(published[name]);
  });

  it('has 14x14 tokens, all of them cells', () => {
    expect([sequenceLength(spec), tokenGrid(spec)]).toEqual([196, { height: 14, width: 14 }]);
    expect([0, 98, 195].map((position) => cellOf(spec, position))).toEqual([0, 98, 195]);
  });
});

describe('PlainMamba specs', () => {
  it('pad odd sides up to whole cells', () => {
    const spec = plainMambaSpec({
      width: 8,
      depth: 1,
      stemConvs: 0,
      imageHeight: 19,
      imageWidth: 33,
      patchSize: 8,
    });
    expect(stemSize(spec)).toEqual({ height: 10, width: 17 });
    expect(tokenGrid(spec)).toEqual({ height: 3, width: 5 });
  });

  it.each([
    [{ patchSize: 7 }, 'patch size 7: must be even'],
    [{ convKernel: 4 }, 'convolution kernel 4: must be odd'],
    [{ depthwiseLayers: [0, 2] }, 'depthwise layer 2 is not there; the model has 2 layers'],
    [{ stemConvs: 65 }, 'stem convolutions 65: must be a whole number from 0 to 64'],
    [{ stemConvs: 0.5 }, 'stem convolutions 0.5'],
    [{ positionRows: 0 }, 'position rows 0'],
    [{ positionColumns: 5000 }, 'position columns 5000'],
    [{ stemWidth: 0 }, 'stem width 0'],
    [{ depth: 513 }, 'depth 513'],
    [{ imageHeight: 65000, imageWidth: 65000 }, 'tokens are more than the 1048576 supported'],
  ])('refuse %j', (change, problem) => {
    const spec = plainMambaSpec({ width: 8, depth: 2, stemConvs: 1, ...change });
    expect(() => checkSpec(spec)).toThrow(problem);
  });

  it('get random weights for every tensor, variances of 1 and finite values', () => {
    const spec = plainMambaSpec({ width: 8, depth: 2, stemConvs: 1, depthwiseLayers: [1], classes: 3 });
    const weights = randomWeights(spec, 1);
    expect([...weights].map(([name, { shape }]) => [name, shape])).toEqual([...modelTensors(spec)]);
    expect(weights.get('backbone.layers.1.dw.1.running_var')!.data.every((value) => value === 1)).toBe(true);
    for (const { data } of weights.values()) expect(data.every(Number.isFinite)).toBe(true);
  });
});
