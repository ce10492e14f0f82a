import { describe, expect, it } from 'vitest';
import { checkExperiment } from './check-experiment.ts';
import { accuracyRow, experimentOf, speedRows } from './test-support/made-up.ts';

describe('checkExperiment', () => {
  it('takes rows that name each other', () => {
    checkExperiment(experimentOf([accuracyRow('a'), accuracyRow('b', { unlessSameAs: 'a' })]));
    checkExperiment(experimentOf(speedRows));
  });

  it.each([
    ['two rows of one id', [accuracyRow('a'), accuracyRow('a')], 'row a is declared twice'],
    ['a twin that is not there', [accuracyRow('a', { unlessSameAs: 'b' })], 'names b'],
    ['a dense row that is not there', [speedRows[1]], 'names dense'],
    ['a paper row that is not there', [accuracyRow('a', { paper: { table: 1, row: 'x' } })], 'names row x'],
  ])('refuses %s', (_, rows, message) => {
    expect(() => checkExperiment(experimentOf(rows))).toThrow(message);
  });
});
