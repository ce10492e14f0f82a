/** Browsers whose WebGPU never answers, because the graphics driver stands still: time limits and fallbacks. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { webgpuBackend } from '../index.ts';
import { withBrowser } from '../test-support/browser.ts';
import { findBrowser } from './find-browser.ts';
import { launchBrowser, webgpuFlagSets } from './launch.ts';

const [all, ...others] = webgpuFlagSets;

await withBrowser(async () => {
  describe.skipIf(process.platform !== 'linux')('a browser whose WebGPU does not answer', () => {
    const folder = mkdtempSync(join(tmpdir(), 'browsers-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    // The Vulkan loader waits for ever for a description of a driver that nobody writes.
    const driver = join(folder, 'icd.json');
    execFileSync('mkfifo', [driver]);
    /** Stands still under all flags for Vulkan, as on a machine with Mesa's drivers, and notes its starts. */
    const standingStill = (name: string) => {
      const file = join(folder, name);
      const text = `echo start >> "${file}.log"
case "$*" in *--use-angle=vulkan*) export VK_ICD_FILENAMES="${driver}";; esac
exec "${findBrowser()}" "$@"`;
      writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
      return { file, starts: () => readFileSync(`${file}.log`, 'utf8').split('\n').length - 1 };
    };

    it('is started again with the next flags, and those are remembered', async () => {
      const { file, starts } = standingStill('noted');
      await (await launchBrowser(file, [all, ...others], 10_000)).close();
      expect(starts()).toBe(2);
      await (await launchBrowser(file, [all, ...others], 10_000)).close();
      expect(starts()).toBe(3);
    });

    it('is a named error after the last', async () => {
      const { file, starts } = standingStill('always');
      await expect(launchBrowser(file, [all, all], 1000)).rejects.toMatchObject({
        kind: 'no-adapter',
        message: expect.stringMatching(/does not answer within 1 s, .*--backend wasm/),
      });
      expect(starts()).toBe(2);
    });

    it('is usable as a backend', async () => {
      const { file } = standingStill('usable');
      expect(await webgpuBackend({ browser: file }).probe()).toMatchObject({ available: true });
    });
  });
});
