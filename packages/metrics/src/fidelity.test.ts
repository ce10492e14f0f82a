import { describe, expect, it } from 'vitest';
import { cosine, Fidelity, klDivergence } from './fidelity.ts';

const dense = [1.5, -2, 0.25, 7];
const pruned = [1, -1, 0.5, 5];

describe('klDivergence', () => {
  it('agrees with scipy', () => {
    // scipy.special.log_softmax in float64; only the order of the sums differs.
    expect(klDivergence(dense, pruned)).toBeCloseTo(0.016952437789514153, 14);
  });

  it('is 0 for logits that differ by a constant, however large', () => {
    expect(klDivergence([1, 2, 3], [1001, 1002, 1003])).toBeCloseTo(0, 12);
    expect(klDivergence([1000, -1000], [1000, -1000])).toBe(0);
  });

  it('is not symmetric: the dense model is the truth', () => {
    expect(klDivergence(dense, pruned)).not.toBeCloseTo(klDivergence(pruned, dense), 3);
  });
});

describe('cosine', () => {
  it('agrees with numpy', () => expect(cosine(dense, pruned)).toBeCloseTo(0.9948866312862552, 14));
  it('is 1, -1, 0 and NaN where it must be', () => {
    expect(cosine([2, 0], [3, 0])).toBe(1);
    expect(cosine([2, 0], [-3, 0])).toBe(-1);
    expect(cosine([2, 0], [0, 3])).toBe(0);
    expect(cosine([0, 0], [0, 3])).toBeNaN();
  });
});

describe('Fidelity', () => {
  it('averages over images and batches', () => {
    const fidelity = new Fidelity();
    fidelity.add(Float64Array.from([...dense, ...dense]), Float64Array.from([...pruned, 9, 0, 0, 0]), 4);
    fidelity.add(Float32Array.from(dense), Float32Array.from(dense), 4);
    const { agreement, divergence, count } = fidelity.summary();
    expect(count).toBe(3);
    expect(agreement).toBeCloseTo(200 / 3, 12);
    expect(divergence).toBeCloseTo((klDivergence(dense, pruned) + klDivergence(dense, [9, 0, 0, 0])) / 3, 12);
  });
});
