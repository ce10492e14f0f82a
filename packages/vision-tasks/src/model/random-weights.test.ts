import { sizeOf } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { visionTensors } from './parameters.ts';
import { randomVisionWeights } from './random-weights.ts';
import { visionModels } from './spec.ts';

describe.each(['plainmamba-l1-retinanet', 'vim-small-upernet'] as const)('%s', (name) => {
  const spec = visionModels[name];
  const weights = randomVisionWeights(spec, 7);

  it('has every tensor, finite, in its shape', () => {
    const needed = visionTensors(spec);
    expect([...weights.keys()]).toEqual([...needed.keys()]);
    for (const [tensor, { shape, data }] of weights) {
      expect(shape, tensor).toEqual(needed.get(tensor));
      expect(data.length, tensor).toBe(sizeOf(shape));
      expect(data.every(Number.isFinite), tensor).toBe(true);
    }
  });

  it('is the same for the same seed, another for another', () => {
    const head = [...weights.keys()].find((tensor) => tensor.endsWith('conv.weight'))!;
    expect(randomVisionWeights(spec, 7).get(head)).toEqual(weights.get(head));
    expect(randomVisionWeights(spec, 8).get(head)).not.toEqual(weights.get(head));
  });
});
