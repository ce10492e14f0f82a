import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { webgpuBackend } from '../index.ts';
import { findBrowser } from './find-browser.ts';

const folder = mkdtempSync(join(tmpdir(), 'browsers-'));
const program = (name: string, mode = 0o755) => {
  const file = join(folder, name);
  writeFileSync(file, '#!/bin/sh\nexit 3\n', { mode });
  return file;
};

describe('finding a browser', () => {
  it('takes the one that is given, if it can be run', () => {
    const file = program('my-browser');
    expect(findBrowser(file)).toBe(file);
    const notes = program('notes.txt', 0o644);
    expect(() => findBrowser(notes)).toThrow(
      `browser "${notes}" is not a program that can be run here; give the path`,
    );
  });

  it.skipIf(process.platform !== 'linux')('looks along PATH, and says how to get one', () => {
    expect(() => findBrowser(undefined, folder)).toThrow(/no browser .* was found; install one .*--browser/);
    const file = program('google-chrome');
    expect(findBrowser(undefined, ['/nowhere', folder].join(delimiter))).toBe(file);
    const preferred = program('chromium');
    expect(findBrowser(undefined, folder)).toBe(preferred);
  });

  it('probe says what is wrong with a program that is no browser, and what to do', async () => {
    const probe = await webgpuBackend({ browser: program('no-browser') }).probe();
    expect(probe).toMatchObject({
      available: false,
      reason: expect.stringMatching(/no-browser" does not start/),
    });
    expect(probe).toHaveProperty('fix', expect.stringMatching(/--browser/));
  });
});
