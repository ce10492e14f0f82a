import { describe, expect, it } from 'vitest';
import { answer, isComparable, isOnPaperData } from './answers.ts';
import { gatherEvidence } from './gather.ts';
import { paper, writeMadeUpRun } from './test-support/made-up.ts';

const evidence = gatherEvidence([writeMadeUpRun().folder], [paper]);
const [measured] = evidence.accuracy;

/** The first accuracy, made to answer a row of the paper on the paper's own data. */
function onPaperData(change: { partial?: boolean; top1?: number } = {}) {
  const record = {
    ...measured.record,
    dataset: { ...measured.record.dataset, name: 'imagenet-1k' },
    sample: { ...measured.record.sample, partial: change.partial ?? false },
    top1: change.top1 ?? measured.record.top1,
    paper: { table: 1, row: 'vim-tiny-dense' },
  };
  return { ...measured, record };
}

describe('answers to a row of the paper', () => {
  it('take the cost from a timing, the reason from a skipped row', () => {
    const { flops, skipped, accuracies } = answer('vim-tiny-dense', paper, evidence);
    // Vim-T dense at 224x224 in the paper profile.
    expect(flops?.paper.toFixed(2)).toBe('1.45');
    expect(skipped?.reason).toBe('the data is not given');
    expect(accuracies).toEqual([]);
  });

  it('prefer comparable accuracies over cut-down ones', () => {
    const all = { ...evidence, accuracy: [onPaperData({ partial: true }), onPaperData()] };
    expect(answer('vim-tiny-dense', paper, all).accuracies).toEqual([onPaperData()]);
    const cut = { ...evidence, accuracy: [onPaperData({ partial: true })] };
    expect(answer('vim-tiny-dense', paper, cut).accuracies).toHaveLength(1);
  });

  it('need the same data set and trained weights', () => {
    const { record } = onPaperData();
    expect(isComparable(record, paper)).toBe(true);
    expect(isComparable(measured.record, paper)).toBe(false);
    const untrained = {
      ...record,
      model: { ...record.model, weights: { from: 'random' as const, seed: 1 } },
    };
    expect(isComparable(untrained, paper)).toBe(false);
    const alike = { ...record, dataset: { ...record.dataset, total: 8 } };
    expect(isComparable(alike, paper)).toBe(false);
    expect(isOnPaperData(alike, paper)).toBe(false);
  });
});
