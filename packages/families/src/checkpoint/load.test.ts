import { readCheckpoint, readSafetensors } from '@vssm/checkpoints';
import { testdata } from '@vssm/checkpoints/test-support';
import { describe, expect, it } from 'vitest';
import { densePlan } from '../plan.ts';
import { referenceForward } from '../reference.ts';
import { loadModel } from './load.ts';

describe('a checkpoint’s tensors to a model', () => {
  it('of what a trainer saves', async () => {
    const checkpoint = await readCheckpoint(testdata('trainer-zip.pth'));
    expect(loadModel(checkpoint).spec).toMatchObject({ width: 8, depth: 2, stateSize: 4, classes: 5 });
  });

  it('with an account of heads that are not used', async () => {
    const { ignored, weights } = loadModel(await readCheckpoint(testdata('prefixed-zip.pth')));
    expect(ignored.at(-1)).toBe('head_dist.weight: a head that this run does not use');
    expect(weights.size).toBe(41);
  });

  it('gives the logits of a model whose weights were saved as negated views', async () => {
    const { spec, weights } = loadModel(await readCheckpoint(testdata('negated-views/model.pth')));
    const tensorOf = async (name: string) =>
      (await readSafetensors(testdata(`negated-views/${name}.safetensors`))).tensors.get(name)!.data;
    const { logits } = referenceForward(spec, weights, densePlan, (await tensorOf('input')) as Float32Array);
    const expected = (await tensorOf('logits')) as Float64Array;
    expect(logits.length).toBe(expected.length);
    for (const [i, logit] of logits.entries()) expect(Math.abs(logit - expected[i])).toBeLessThan(1e-9);
  });
});
