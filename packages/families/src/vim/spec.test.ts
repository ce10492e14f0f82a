import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkSpec, namedModel, parameterCount, sequenceLength } from '../model.ts';
import { randomWeights } from '../random-weights.ts';
import { classTokenPosition } from './index.ts';
import { vimModels, vimParameters, vimSpec } from './spec.ts';

const official = JSON.parse(
  readFileSync(new URL('../../testdata/vim-shapes.json', import.meta.url), 'utf8'),
) as Record<string, { total_params: number; tensors: Record<string, number[]> }>;

describe.each(['vim-tiny', 'vim-small', 'vim-base'] as const)('%s', (name) => {
  const expected = official[name.replace('-', '_')];
  const spec = vimModels[name];

  it('has the official parameters, by name and shape', () => {
    const ours = Object.fromEntries([...vimParameters(spec)].sort());
    expect(ours).toEqual(Object.fromEntries(Object.entries(expected.tensors).sort()));
  });

  it('has the official parameter total', () => {
    expect(parameterCount(spec)).toBe(expected.total_params);
  });

  it('has 197 tokens, the class token at 98', () => {
    expect([sequenceLength(spec), classTokenPosition(spec)]).toEqual([197, 98]);
  });
});

describe('Vim specs', () => {
  it('names the valid models', () => {
    expect(() => namedModel('vim-huge')).toThrow('vim-tiny, vim-small, vim-base');
  });

  it('refuses sizes without meaning', () => {
    expect(() => checkSpec(vimSpec({ width: 0, depth: 1 }))).toThrow('width 0');
    expect(() => checkSpec(vimSpec({ width: 8, depth: 1, patchSize: 300 }))).toThrow('patch size 300');
  });

  it('makes the same random weights twice, different ones per seed', () => {
    const spec = vimSpec({ width: 16, depth: 1, imageHeight: 32, imageWidth: 32 });
    const [a, b, c] = [1, 1, 2].map((seed) => randomWeights(spec, seed).get('head.weight')!.data);
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });
});
