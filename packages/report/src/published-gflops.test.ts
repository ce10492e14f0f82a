import { describe, expect, it } from 'vitest';
import { gatherEvidence } from './gather.ts';
import { agreement, publishedGflops } from './published-gflops.ts';
import { gflopsHere } from './sections/gflops-here.ts';
import { paper, writeMadeUpRun } from './test-support/made-up.ts';

describe('published GFLOPs', () => {
  it('are counted where they were computed here', () => {
    // Of the made-up table: Vim-T dense is equal, its pruned row and Vim-S (9.99 there) are not.
    expect(
      publishedGflops(gatherEvidence([writeMadeUpRun().folder], [paper])).map(({ agreement: met }) => met),
    ).toEqual(['equal', 'apart', 'apart']);
  });

  it('are met to half a unit of the last decimal', () => {
    expect(agreement(1.4549, 1.45)).toBe('equal');
    expect(agreement(1.4551, 1.45)).toBe('apart');
    expect(agreement(3.02, 3, 1)).toBe('equal');
  });

  it('of one decimal are met within 0.06 too, and the difference stays in sight', () => {
    // PlainMamba-L3 and its README.
    expect(agreement(14.454, 14.4, 1)).toBe('close');
    expect(agreement(14.461, 14.4, 1)).toBe('apart');
    expect(agreement(14.454, 14.4, 2)).toBe('apart');
    const shown = gflopsHere(14.454, { value: 14.4, source: 'R', decimals: 1 }).text;
    expect(shown).toContain('✓');
    expect(shown).toContain('(+0.05)');
    expect(gflopsHere(14.47, { value: 14.4, source: 'R', decimals: 1 }).text).not.toContain('✓');
  });
});
