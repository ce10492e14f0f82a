import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentSchema } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import { captureEnvironment, gitState } from './environment.ts';

const newFolder = () => mkdtempSync(join(tmpdir(), 'environment-'));

describe('captureEnvironment', () => {
  it('fits the schema and knows the versions of what computes', () => {
    const environment = captureEnvironment('a GPU');
    expect(environmentSchema.parse(environment)).toEqual(environment);
    expect(environment.accelerator).toBe('a GPU');
    expect(Object.keys(environment.libraries)).toEqual(['onnxruntime-node', 'sharp', 'tinybench']);
    for (const version of Object.values(environment.libraries)) expect(version).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe('gitState', () => {
  it('is null where there is no checkout', () => {
    expect(gitState(newFolder())).toBeNull();
  });

  it.runIf(hasGit())('is the commit, and whether the tree differs from it', () => {
    const folder = newFolder();
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], {
        cwd: folder,
        stdio: 'ignore',
      });
    writeFileSync(join(folder, 'a'), '1');
    git('init');
    git('add', 'a');
    git('commit', '-m', 'a');
    expect(gitState(folder)).toMatchObject({ commit: expect.stringMatching(/^[0-9a-f]{40}/), dirty: false });
    writeFileSync(join(folder, 'a'), '2');
    expect(gitState(folder)).toMatchObject({ dirty: true });
  });
});

function hasGit(): boolean {
  try {
    execFileSync('git', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
