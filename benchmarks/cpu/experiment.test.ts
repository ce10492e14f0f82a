import { checkExperiment } from '@vssm/bench';
import { patchCount, vimModels } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { experiment } from './experiment.ts';

describe('ways to run the models on a CPU', () => {
  it('are declared without contradictions', () => {
    checkExperiment(experiment);
  });

  it('stand beside the matrix products and both spellings of the scan, wherever forms are compared', () => {
    const compared = experiment.rows.filter((row) => row.kind === 'rivals' && !row.id.includes('pruning'));
    expect(compared).toHaveLength(7);
    for (const row of compared) {
      const forms = row.kind === 'rivals' ? row.arms.map(({ form }) => form) : [];
      // The slowest form is left out for PlainMamba, and where time is short.
      const hurried = row.id.startsWith('plainmamba') || row.id === 'short';
      const slow = hurried ? [] : ['whole-linear-attention'];
      expect(new Set(forms)).toEqual(
        new Set(['matmul-floor', ...slow, 'whole-scan', 'segments-wasm', 'segments']),
      );
    }
  });

  it('are timed at least five rounds', () => {
    for (const row of experiment.rows) {
      const rounds = row.kind === 'profile' ? row.rounds : 'budget' in row ? row.budget.minRounds : 0;
      expect(rounds, row.id).toBeGreaterThanOrEqual(5);
    }
  });

  it('grow from 196 to 4,096 patches', () => {
    const [row] = experiment.rows.filter(({ kind }) => kind === 'lengths');
    const sides = row.kind === 'lengths' ? row.sides : [];
    expect(
      sides.map((side) => patchCount({ ...vimModels['vim-tiny'], imageHeight: side, imageWidth: side })),
    ).toEqual([196, 400, 1024, 2304, 4096]);
  });
});
