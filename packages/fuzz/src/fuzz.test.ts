import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { corpusOf, mutantOf } from './inputs.ts';
import { mutate } from './mutate.ts';
import { defaultLimits, runTarget } from './run-target.ts';
import { findTargets, loadTarget } from './target.ts';

const targets = findTargets();
const mutants = { first: 0, count: 250 };
const bad = (name: string) => join(import.meta.dirname, '../testdata', `${name}.ts`);

describe('damaged inputs', () => {
  it('are tried on every reader of files that strangers write', () => {
    expect([...targets.keys()]).toEqual(
      expect.arrayContaining([
        'coco-json',
        'idx',
        'label-map',
        'pickle',
        'predictions',
        'pth',
        'results',
        'rle',
        'safetensors',
        'score-coco',
        'score-miou',
        'tar',
        'zip',
      ]),
    );
  });

  it.each([...targets])(
    `of %s are read or refused by name (${mutants.count} of them)`,
    async (name, file) => {
      const { read, refused, findings } = await runTarget(name, file, mutants);
      expect(findings).toEqual([]);
      expect(read + refused).toBe(mutants.count + corpusOf(name).length);
      // Some damage hits bytes that nobody asks for; enough must not.
      expect(refused).toBeGreaterThan(mutants.count / 4);
    },
  );
});

describe('mutate', () => {
  const bytes = Buffer.from('{"a":12,"b":[1,2,3]}');

  it('gives the same mutant for the same number, and rarely the original', () => {
    const changed = Array.from({ length: 500 }, (_, seed) => mutate(bytes, seed, ['null']));
    for (const [seed, mutant] of changed.entries()) expect(mutate(bytes, seed, ['null'])).toEqual(mutant);
    expect(changed.filter((mutant) => mutant.equals(bytes)).length).toBeLessThan(50);
    expect(new Set(changed.map(String)).size).toBeGreaterThan(400);
    expect(bytes.toString()).toBe('{"a":12,"b":[1,2,3]}');
  });

  it('copes with nothing', () => {
    for (let seed = 0; seed < 50; seed++) mutate(Buffer.alloc(0), seed);
  });
});

describe('runTarget', () => {
  it('finds an error that is not ours, by the input that caused it', async () => {
    const { findings, read } = await runTarget('throws', bad('throws'), { first: 0, count: 300 });
    expect(findings.length).toBeGreaterThan(0);
    expect(read).toBeGreaterThan(0);
    const [{ input, problem, bytes }] = findings;
    expect(problem).toContain('TypeError');
    const number = Number(/mutant (\d+)/.exec(input)![1]);
    expect(mutantOf(await loadTarget(bad('throws')), number).bytes).toEqual(bytes);
  });

  it('ends a target that hangs', async () => {
    const limits = { ...defaultLimits, hangMs: 400 };
    const { findings } = await runTarget('hangs', bad('hangs'), { first: 0, count: 10 }, limits);
    expect(findings).toEqual([{ input: 'mutant 0 of seed', problem: 'takes more than 400 ms' }]);
  });

  it('finds a target that takes too much memory', async () => {
    const limits = { ...defaultLimits, memoryBytes: 200e6 };
    const { findings } = await runTarget('hoards', bad('hoards'), { first: 0, count: 2 }, limits);
    expect(findings[0].problem).toMatch(/takes \d+ bytes of memory/);
  });

  it('says so when a process ends over an input', async () => {
    const { findings } = await runTarget('exits', bad('exits'), { first: 3, count: 2 });
    expect(findings).toEqual([
      { input: 'mutant 3 of seed', problem: expect.stringContaining('ended the process (7)') },
    ]);
  });

  it('refuses a file that is no target', async () => {
    expect(readFileSync(bad('empty'), 'utf8')).toContain('export');
    await expect(loadTarget(bad('empty'))).rejects.toThrow('must export seeds and read');
  });
});
