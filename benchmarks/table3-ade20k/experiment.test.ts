import { checkExperiment, paperTable } from '@vssm/bench';
import { formatSchedule } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { experiment } from './experiment.ts';

const { rows: paperRows } = paperTable(experiment)!;

describe('table 3', () => {
  it('is declared without contradictions', () => {
    checkExperiment(experiment);
  });

  it('answers every row of the paper, by the schedule that the row names', () => {
    for (const { id, schedule = '' } of paperRows) {
      const answering = experiment.rows.filter(({ paper }) => paper?.row === id);
      expect(answering.map((row) => 'plan' in row && formatSchedule(row.plan.schedule))).toEqual([schedule]);
    }
  });

  it('prunes the segmenter that was trained here as the scenes’ own table does, and answers no row with it', () => {
    const scenes = experiment.rows.filter((row) => 'dataset' in row && row.dataset === 'fashion-scenes');
    expect(scenes.map((row) => 'plan' in row && formatSchedule(row.plan.schedule))).toEqual([
      '',
      '1,2,3,4,5,6,7@0.75',
      '1,2,3,4,5,6,7@0.75',
    ]);
    for (const { paper, notes } of scenes) {
      expect(paper).toBeNull();
      expect(notes.join()).toContain('far from trained');
    }
  });

  it('marks the smoke runs, which answer no row', () => {
    const smoke = experiment.rows.filter((row) => 'dataset' in row && row.dataset.endsWith('-sample'));
    expect(smoke).toHaveLength(2);
    for (const { label, notes, paper } of smoke) {
      expect(label).toContain('(smoke run)');
      expect(notes.join()).toContain('random weights and made-up pictures');
      expect(paper).toBeNull();
    }
  });
});
