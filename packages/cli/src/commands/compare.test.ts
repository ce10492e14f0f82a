import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readResults } from '@vssm/results';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompareOptions, compare } from './compare.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-compare-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const usual: Omit<CompareOptions, 'out' | 'report'> = {
  signal: 'gated',
  reduce: 'clip',
  order: 'aligned',
  alignment: 'decay',
  tokenOrder: 'original',
  seed: 0,
  threads: 1,
  images: 2,
  agreement: 20,
  seconds: 5,
  batch: '1',
  backends: 'cpu/segments,cpu/whole-scan',
};

describe('vssm compare', () => {
  it('holds backends against the reference on the embedded images, and writes records and report', async () => {
    const [out, report] = [join(folder, 'run'), join(folder, 'report')];
    const result = await compare({ ...usual, out, report });
    expect(result.exitCode).toBe(0);
    expect(result.text).toContain(
      '2,4,6@0.7, gated clip, decay, positional: 2 images of Fashion-MNIST test by the reference',
    );
    expect(existsSync(join(report, 'charts/backends-parity-vim-nano-fmnist-embedded.wide.svg'))).toBe(true);
    const records = readResults(out).records.filter((record) => record.kind === 'comparison');
    expect(records).toHaveLength(4);
    for (const { outcome } of records) {
      if (outcome.state !== 'measured') throw new Error(outcome.reason);
      // float32 on trained weights: the largest differences seen on 100 images are 3e-6.
      expect(outcome.parity.maxDifference).toBeLessThan(5e-5);
      expect(outcome.parity).toMatchObject({ images: 2, sameTop1: 2 });
      expect(outcome.agreement?.images ?? 20).toBe(20);
    }
  });

  it('compares the plans that are named beside the dense one, with the rules that are given', async () => {
    const options = { ...usual, prune: ['4@0.5', '2@0.9;6@0.8'], alignment: 'none', batch: '2' };
    const backends = 'cpu/segments';
    const result = await compare({
      ...options,
      images: 1,
      backends,
      out: join(folder, 'plans'),
      report: false,
    });
    expect(result.report).toBeNull();
    expect(result.records.map(({ schedule, plan }) => [schedule, plan.alignment])).toEqual([
      ['', 'decay'],
      ['4@0.5', 'none'],
      ['2@0.9;6@0.8', 'none'],
    ]);
  });

  it('says why a backend is not there, and what to do', async () => {
    const options = {
      ...usual,
      images: 1,
      backends: 'cuda',
      out: join(folder, 'cuda'),
      report: false as const,
    };
    const { text, records } = await compare(options);
    const [{ outcome }] = records;
    // On a machine with CUDA it is measured like any other.
    if (outcome.state === 'measured') expect(outcome.parity.images).toBe(1);
    else {
      expect(text).toContain(`cuda/whole-linear-attention is not available: ${outcome.reason}`);
      expect(text).toContain(`fix: ${outcome.fix}`);
    }
  });

  it('refuses what it does not know before anything runs', async () => {
    const out = join(folder, 'none');
    const refused = (options: Partial<CompareOptions>) =>
      compare({ ...usual, out, report: false, ...options });
    await expect(refused({ backends: 'tpu' })).rejects.toThrow('--backends "tpu"');
    await expect(refused({ batch: '0' })).rejects.toThrow('--batch "0"');
    await expect(refused({ prune: ['99@0.5'] })).rejects.toThrow('8 blocks');
    expect(existsSync(out)).toBe(false);
  });
});
