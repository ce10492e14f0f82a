import { describe, expect, it } from 'vitest';
import { contrastResult, contrastSettings, contrasts, verdict } from './contrasts.ts';
import { gatherEvidence } from './gather.ts';
import { PairedComparison } from './paired.ts';
import { writeMadeUpRun } from './test-support/made-up.ts';

describe('contrasts', () => {
  const evidence = gatherEvidence([writeMadeUpRun().folder], []);
  const settings = contrastSettings(evidence);

  it('are drawn once per keep ratio, the mildest first', () => {
    expect(settings.map(({ top }) => top.record.schedule)).toEqual(['2,4,6@0.9', '2,4,6@0.7', '2,4,6@0.5']);
  });

  it('hold ToP against the plan that differs in the named respect', () => {
    const paired = new PairedComparison();
    const against = (name: string) => contrasts.find((contrast) => contrast.against === name)!;
    const l1 = evidence.accuracy.find(({ record }) => record.row === 'l1@0.7')!;
    expect(contrastResult(against('l1 norm'), settings[1], paired)?.difference).toBeCloseTo(
      settings[1].top.record.top1 - l1.record.top1,
      9,
    );
    expect(contrastResult(against('random tokens, same alignment'), settings[1], paired)).toBeNull();
  });

  it('decide only where the interval leaves zero out', () => {
    const result = (interval: [number, number] | null) => ({
      difference: 1,
      paired: interval === null ? null : { difference: 1, interval, images: 10 },
    });
    expect(verdict(result([0.1, 2]))).toBe('better');
    expect(verdict(result([-2, -0.1]))).toBe('worse');
    expect(verdict(result([-0.1, 2]))).toBe('undecided');
    // Printed as 0.0 to +3.7, and as −3.7 to 0.0.
    expect(verdict(result([0.04, 3.7]))).toBe('undecided');
    expect(verdict(result([-3.7, -0.04]))).toBe('undecided');
    expect(verdict(result(null))).toBe('undecided');
  });
});
