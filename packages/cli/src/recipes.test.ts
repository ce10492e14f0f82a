/** The recipes of docs/sharding.md, as far as they run without Slurm and Kubernetes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const work = mkdtempSync(join(tmpdir(), 'vssm-recipes-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const run = 'eval --limit 48 --batch 16';
const bash = (args: readonly string[], env: Record<string, string>) => {
  const { status, stderr } = spawnSync('bash', args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, VSSM_RUN: run, ...env },
  });
  expect(status, stderr).toBe(0);
};
const vssm = (...args: readonly string[]) =>
  bash(['-c', 'node packages/cli/src/main.ts "$@"', 'vssm', ...args], {});

/** The one predictions file of a run folder. */
function predictions(folder: string): string {
  const [name] = readdirSync(join(folder, 'predictions'));
  return readFileSync(join(folder, 'predictions', name), 'utf8');
}

describe.skipIf(process.platform === 'win32')('recipes', () => {
  let whole: string;
  beforeAll(() => {
    vssm(...run.split(' '), '--out', join(work, 'whole'));
    whole = predictions(join(work, 'whole'));
    expect(whole.split('\n')).toHaveLength(1 + 48 + 1);
  }, 120_000);

  it('Slurm: an array of tasks', () => {
    const out = join(work, 'slurm');
    for (const task of ['1', '2']) {
      bash(['docs/recipes/slurm-array.sh'], {
        VSSM_OUT: out,
        SLURM_ARRAY_TASK_ID: task,
        SLURM_ARRAY_TASK_COUNT: '2',
      });
    }
    vssm('merge', out, '--out', join(work, 'slurm-merged'));
    expect(predictions(join(work, 'slurm-merged'))).toBe(whole);
  }, 120_000);

  it('Kubernetes: an indexed Job', () => {
    const out = join(work, 'kubernetes');
    const job = readFileSync(join(root, 'docs/recipes/kubernetes-job.yaml'), 'utf8');
    const [, block] = /args:\n\s+- \|\n((?: {14}.*\n)+)/.exec(job)!;
    const completions = /completions: (\d+)/.exec(job)![1];
    expect(job).toContain(`name: SHARDS\n              value: "${completions}"`);
    for (const index of ['0', '1', '2']) {
      bash(['-ceu', block], { VSSM_OUT: out, SHARDS: '3', JOB_COMPLETION_INDEX: index });
    }
    vssm('merge', out, '--out', join(work, 'kubernetes-merged'));
    expect(predictions(join(work, 'kubernetes-merged'))).toBe(whole);
  }, 120_000);
});
