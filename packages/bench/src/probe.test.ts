import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Backend, referenceBackend } from '@vssm/backend';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultPath, executionPaths, pathNamed } from './execution-paths.ts';
import { probeBackend } from './probe.ts';

const reference = defaultPath('reference');

it('gives the backend’s own answer', async () => {
  expect(await probeBackend(reference, referenceBackend, {})).toEqual(await referenceBackend.probe());
});

it('gives up on a backend that does not answer', async () => {
  const silent: Backend = { ...referenceBackend, probe: () => new Promise(() => undefined) };
  expect(await probeBackend(defaultPath('webgpu'), silent, {}, 50)).toMatchObject({
    available: false,
    reason: 'its driver gave no answer for 0.05 s',
  });
});

it('waits for what has no driver, however busy the machine is', async () => {
  const slow: Backend = {
    ...referenceBackend,
    probe: () => new Promise((resolve) => setTimeout(() => resolve(referenceBackend.probe()), 100)),
  };
  for (const name of ['cpu', 'reference'] as const) {
    expect(await probeBackend(defaultPath(name), slow, {}, 1)).toMatchObject({ available: true });
  }
});

it('has two forms of one backend apart', () => {
  for (const { name, form } of executionPaths) expect(pathNamed(name, form)).toMatchObject({ name, form });
  expect(pathNamed('cuda', 'whole-linear-attention-f16').half).toBe(true);
});

describe.skipIf(process.platform !== 'linux')('a driver in Node', () => {
  let folder: string;
  const before = process.env.VK_ICD_FILENAMES;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'probe-'));
    // Whoever opens it for reading waits for ever: so does the Vulkan loader, and Node's main thread with it.
    const driver = join(folder, 'icd.json');
    execFileSync('mkfifo', [driver]);
    process.env.VK_ICD_FILENAMES = driver;
  });
  afterEach(() => {
    if (before === undefined) delete process.env.VK_ICD_FILENAMES;
    else process.env.VK_ICD_FILENAMES = before;
    rmSync(folder, { recursive: true });
  });

  it('that stands still is an answer within the limit, not the end', async () => {
    const { webgpuNodeBackend } = await import('@vssm/backend-webgpu');
    // Without a Vulkan loader there is nothing to stand still; either way it is an answer.
    expect(await probeBackend(defaultPath('webgpu-node'), webgpuNodeBackend(), {}, 8000)).toMatchObject({
      available: false,
      reason: expect.stringMatching(/no answer for 8 s|no WebGPU adapter/),
    });
  });
});
