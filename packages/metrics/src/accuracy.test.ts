import { describe, expect, it } from 'vitest';
import { Accuracy, wilsonInterval } from './accuracy.ts';

describe('Accuracy', () => {
  it('counts top-1 and top-5 over batches', () => {
    const accuracy = new Accuracy();
    const falling = [9, 8, 7, 6, 5, 4, 3];
    accuracy.add(Float32Array.from([...falling, ...falling]), 7, [0, 4]);
    accuracy.add(Float64Array.from([...falling, ...falling]), 7, Int32Array.of(5, 1));
    expect(accuracy.summary()).toEqual({
      top1: 25,
      top5: 75,
      count: 4,
      top1Correct: 1,
      top5Correct: 3,
      // Wilson's interval of 1 in 4: (p + z²/8 ± z·√(p(1-p)/4 + z²/64)) / (1 + z²/4), with p = 1/4 and z = 1.96.
      interval: [expect.closeTo(4.5587, 3), expect.closeTo(69.936, 3)],
    });
  });

  it('counts an image with NaN logits as wrong', () => {
    const accuracy = new Accuracy();
    accuracy.add([Number.NaN, Number.NaN], 2, [0]);
    expect(accuracy.summary()).toMatchObject({ top1: 0, top5: 0, count: 1 });
  });

  it('has every image in the top five of fewer than five classes', () => {
    const accuracy = new Accuracy();
    accuracy.add([3, 2, 1], 3, [2]);
    expect(accuracy.summary()).toMatchObject({ top1: 0, top5: 100 });
  });

  it('looks no further than five ranks', () => {
    const accuracy = new Accuracy();
    accuracy.addRanking([1, 2, 3, 4, 5, 6], 6);
    expect(accuracy.summary().top5Correct).toBe(0);
  });

  it('is not a number before anything was counted', () => {
    expect(new Accuracy().summary()).toMatchObject({ top1: Number.NaN, count: 0, interval: [0, 100] });
  });
});

describe('wilsonInterval', () => {
  it('holds the share itself, with none and with all of them right', () => {
    for (let count = 1; count < 200; count++) {
      expect(wilsonInterval(0, count, 0.95)[0]).toBe(0);
      expect(wilsonInterval(count, count, 0.95)[1]).toBe(100);
    }
  });

  // scipy.stats.binomtest(correct, count).proportion_ci(confidence, method='wilson'), times 100
  it.each([
    [8754, 10_000, 0.95, 86.87824135389181, 88.17292804843781],
    [0, 10, 0.95, 0, 27.753279986288927],
    [10, 10, 0.95, 72.24672001371108, 100],
    [1, 3, 0.9, 7.826572633372841, 74.64661317187759],
    [3507, 4000, 0.99, 86.273457522518, 88.95176458486415],
  ] as const)('%d of %d at %f', (correct, count, confidence, low, high) => {
    const interval = wilsonInterval(correct, count, confidence);
    // Both are float64; only the order of operations differs.
    expect(interval[0]).toBeCloseTo(low, 10);
    expect(interval[1]).toBeCloseTo(high, 10);
  });
});
