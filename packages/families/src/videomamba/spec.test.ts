import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tokenCounts } from '../counts.ts';
import { classTokenOf, parameterCount, sequenceLength } from '../model.ts';
import { pruningPlan } from '../plan.ts';
import { vimParameters } from '../vim/spec.ts';
import { videoMambaModels } from './spec.ts';

const official: Record<string, { total_params: number; tensors: Record<string, number[]> }> = JSON.parse(
  readFileSync(new URL('../../testdata/videomamba-shapes.json', import.meta.url), 'utf8'),
);

describe.each(Object.entries(videoMambaModels))('%s', (name, spec) => {
  const expected = official[name.replace('-', '_')];

  it('has the official parameters, by name and shape', () => {
    const ours = Object.fromEntries([...vimParameters(spec)].sort());
    expect(ours).toEqual(Object.fromEntries(Object.entries(expected.tensors).sort()));
  });

  it('has the official parameter total', () => {
    expect(parameterCount(spec)).toBe(expected.total_params);
  });

  it('has 197 tokens, the class token first', () => {
    expect([sequenceLength(spec), classTokenOf(spec)]).toEqual([197, 0]);
  });
});

describe('VideoMamba’s plans', () => {
  const schedule = [{ after: 5, keep: 0.8 }];

  it('keep the class token and ceil(196·keep) others, odd or even', () => {
    const counts = (keep: number) =>
      tokenCounts(videoMambaModels['videomamba-tiny'], pruningPlan({ schedule: [{ after: 5, keep }] }));
    expect([0.8, 0.7, 0.5, 1].map((keep) => counts(keep)[1])).toEqual([158, 139, 99, 197]);
  });

  it('do not count the class token, which the count rule leaves apart', () => {
    expect(() => pruningPlan({ schedule, countClassToken: true }, 'videomamba')).toThrow(
      'counting the class token exists for Vim only, not for VideoMamba',
    );
  });
});
