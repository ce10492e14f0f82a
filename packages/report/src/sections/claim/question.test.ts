import type { PruningPlan } from '@vssm/core';
import { pruningPlan } from '@vssm/families';
import type { FinetuningRecord, SegmenterFinetuningRecord } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import { html } from '../../html.ts';
import { madeUpFinetuning, madeUpHeadline, madeUpSegmenter } from '../../test-support/made-up-finetuning.ts';
import { questionOf } from './question.ts';
import { overall } from './verdict.ts';

const ends = { none: [850, 860], decay: [870, 880] };
const found = { gain: 2, interval: [1, 3] as [number, number], outcome: 'supports' as const };
const record = madeUpFinetuning(ends, [found]);

/** The question of ToP, or of another plan, against one that has this in its place. */
function against(theirs: Partial<PruningPlan>, ours: Partial<PruningPlan> = {}) {
  const schedule = [{ after: 2, keep: 0.7 }];
  const rows = record.rows.map((row) => ({
    ...row,
    plan: pruningPlan({
      schedule,
      ...(row.arm === 'decay' ? ours : theirs),
    }) as unknown as typeof row.plan,
  }));
  return questionOf(record.verdicts[0], { ...record, rows });
}

describe('what a comparison is about', () => {
  it('is told by what the two plans differ in', () => {
    const none = { alignment: 'none' } as const;
    expect(against(none)).toBe('alignment');
    expect(against({ alignment: 'none', conv: 'positional' })).toBe('decay');
    expect(against({ ...none, signal: 'evit' })).toBe('evit');
    // Another score as well, or as the only thing; no alignment on either side; the EViT rule with alignment.
    expect(against({ ...none, reduce: 'l1' })).toBe('other');
    expect(against({ reduce: 'l1' })).toBe('other');
    expect(against({ ...none, reduce: 'l1' }, none)).toBe('other');
    expect(against({ signal: 'evit' })).toBe('other');
    expect(against({ ...none, signal: 'evit' }, { reduce: 'l1' })).toBe('other');
  });

  it('is the price where a distance to dense is allowed', () => {
    const verdict = { ...found, arm: 'decay', against: 'dense', keep: 0.7 };
    const headline = madeUpHeadline({ ...ends, dense: [900] }, [{ ...verdict, margin: 1.7 }, verdict]);
    expect(headline.verdicts.map((one) => questionOf(one, headline))).toEqual(['price', 'other']);
  });
});

describe('the word on a claim', () => {
  const said = (one: FinetuningRecord | SegmenterFinetuningRecord) =>
    html`${overall(one)}`.text.replace(/<[^>]+>/g, '');

  it('counts for each claim only what is about it', () => {
    const open = { gain: 0.1, interval: [-1, 1] as [number, number], outcome: 'undecided' as const };
    const price = { ...found, gain: -5, outcome: 'contradicts' as const, margin: 0.5 };
    const segmenter = madeUpSegmenter({ dense: [41, 40], none: [36, 37], decay: [37, 36] }, [
      { arm: 'decay', against: 'dense', keep: 0.7, ...price },
      { arm: 'decay', against: 'none', keep: 0.7, ...open },
    ]);
    expect(said(segmenter)).toBe(
      'Our data contradict the paper’s claim that pruning at its reduction costs 0.5 points of mIoU after fine-tuning. ' +
        'Our data do not decide the paper’s claim that pruning with alignment recovers more in fine-tuning than pruning without.',
    );
    const evit = record.rows.map((row) => ({
      ...row,
      plan: { ...row.plan, ...(row.arm === 'none' && { signal: 'evit' as const }) },
    }));
    expect(said({ ...record, rows: evit })).toBe(
      'Our data support the paper’s claim that ToP recovers more in fine-tuning than the EViT rule.',
    );
  });
});
