import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cellOf, checkSpec, parameterCount, resizedModel, sequenceLength, tokenLayout } from '../model.ts';
import { pruningPlan } from '../plan.ts';
import { mambaRegModels, mambaRegParameters, mambaRegSpec, registerPositions } from './spec.ts';

const read = (file: string) =>
  JSON.parse(readFileSync(new URL(`../../testdata/${file}`, import.meta.url), 'utf8'));
const official: Record<string, { total_params: number; tensors: Record<string, number[]> }> =
  read('mambareg-shapes.json');
const places: { grid: [number, number]; registers: number; positions: number[]; tokens: number }[] =
  read('register-positions.json');

describe.each(Object.entries(mambaRegModels))('%s', (name, spec) => {
  const expected = official[name.replace('-', '_')];

  it('has the official parameters, by name and shape', () => {
    const ours = Object.fromEntries([...mambaRegParameters(spec)].sort());
    expect(ours).toEqual(Object.fromEntries(Object.entries(expected.tensors).sort()));
  });

  it('has the official parameter total', () => {
    expect(parameterCount(spec)).toBe(expected.total_params);
  });
});

describe('registers', () => {
  it.each(places)(
    '$registers on $grid stand where upstream puts them',
    ({ grid, registers, ...expected }) => {
      const [rows, columns] = grid;
      const spec = mambaRegSpec({
        ...{ width: 8, depth: 1, patchSize: 2, stride: 2, registers, reduction: 1 },
        ...{ imageHeight: 2 * rows, imageWidth: 2 * columns },
      });
      expect(registerPositions(spec)).toEqual(expected.positions);
      expect(sequenceLength(spec)).toBe(expected.tokens);
      expect(tokenLayout(spec)).toEqual({
        grid: { height: rows, width: columns },
        protectedTokens: expected.positions,
      });
    },
  );

  it('stand for no cell, and the patches between them for theirs', () => {
    const spec = mambaRegModels['mambareg-small'];
    expect([0, 14, 15, 16, 191, 192, 207].map((position) => cellOf(spec, position))).toEqual([
      0,
      14,
      null,
      15,
      null,
      180,
      195,
    ]);
  });

  it('are not to be re-centred or counted, and other things are refused by name', () => {
    const schedule = [{ after: 1, keep: 0.5 }];
    const recentred = { schedule, alignment: 'none', tokenOrder: 'recentred' } as const;
    expect(() => pruningPlan(recentred, 'mambareg')).toThrow(
      'token order "recentred" exists for Vim and VideoMamba only, not for Mamba-Reg',
    );
    expect(() => pruningPlan({ schedule, countClassToken: true }, 'mambareg')).toThrow('for Vim only');
    const spec = mambaRegModels['mambareg-base'];
    expect(() => checkSpec({ ...spec, registers: 10 })).toThrow('registers 10: must be a multiple of');
    expect(() => checkSpec({ ...spec, reduction: 5 })).toThrow('width 768: must be a multiple of');
    expect(() => resizedModel(spec, { height: 224, width: 224 }, 8)).toThrow('a Mamba-Reg has none');
  });
});
