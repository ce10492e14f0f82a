import { plainMambaSpec, randomWeights, vimSpec } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { withNewHead } from './new-head.ts';

const vim = vimSpec({ width: 8, depth: 2, imageHeight: 32, imageWidth: 32, classes: 10 });
const plainMamba = plainMambaSpec({
  width: 16,
  depth: 2,
  stemConvs: 1,
  imageHeight: 32,
  imageWidth: 32,
  classes: 10,
});

describe('withNewHead', () => {
  it.each([
    [vim, ['head.weight [10, 8]', 'head.bias [10]']],
    [plainMamba, ['head.fc.weight [10, 16]', 'head.fc.bias [10]']],
  ])('replaces the head and nothing else, by name', (spec, names) => {
    const weights = randomWeights(spec, 1);
    for (const classes of [3, 10]) {
      const fresh = withNewHead(spec, weights, classes, 7);
      expect(fresh.replaced).toEqual(names);
      expect(fresh.spec).toEqual({ ...spec, classes });
      expect([...fresh.weights.keys()]).toEqual([...weights.keys()]);
      for (const [name, tensor] of fresh.weights) {
        const isHead = names.some((one) => one.startsWith(`${name} `));
        if (isHead) {
          expect(tensor.shape[0]).toBe(classes);
          expect(tensor).not.toBe(weights.get(name));
        } else expect(tensor).toBe(weights.get(name));
      }
    }
  });

  it('is the same for a seed', () => {
    const of = (seed: number) =>
      withNewHead(vim, randomWeights(vim, 1), 3, seed).weights.get('head.weight')!.data;
    expect(of(5)).toEqual(of(5));
    expect(of(5)).not.toEqual(of(6));
  });
});
