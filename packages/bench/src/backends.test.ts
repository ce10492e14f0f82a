import { UserError } from '@vssm/core';
import { openResults, readResults } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import { type OpenedBackend, openBackend } from './backends.ts';
import { writeRunHeader } from './run-header.ts';
import { newFolder } from './test-support/made-up.ts';

/** What results say of the machine, once a run with this backend has begun. */
function recordedAccelerator({ accelerator }: OpenedBackend): string | null | undefined {
  const folder = newFolder();
  const results = openResults(folder);
  writeRunHeader(results, ['vssm', 'eval'], '0'.repeat(64), accelerator);
  results.close();
  return readResults(folder).records.find((record) => record.kind === 'run')?.environment.accelerator;
}

it.each(['cpu', 'reference'])('%s uses no accelerator', async (name) => {
  expect(recordedAccelerator(await openBackend(name))).toBeNull();
});

const webgpu = await openBackend('webgpu').catch((error: unknown) => {
  if (error instanceof UserError) return error;
  throw error;
});
if (webgpu instanceof UserError) {
  const { message } = webgpu;
  const required = process.env.CI_REQUIRE_BROWSER === '1';
  describe(`no WebGPU: ${message}`, () => {
    it.skipIf(!required)('is needed by this file', () => expect.fail(message));
  });
} else {
  it('webgpu names the adapter that the browser gave', async () => {
    const probe = await webgpu.backend.probe();
    if (!probe.available) throw new Error(probe.reason);
    expect(probe.details.adapter).toMatch(/\w/);
    expect(recordedAccelerator(webgpu)).toBe(probe.details.adapter);
  });
}
