/**
 * The browser of a test file. Where there is none its tests are skipped with the reason; with CI_REQUIRE_BROWSER=1 they
 * fail instead.
 */
import { findBrowser } from '@vssm/backend-webgpu/server';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';

/** Calls `tests` with a browser that is closed after the file's last test. */
export async function withBrowser(tests: (browser: Browser) => void): Promise<void> {
  let executablePath: string;
  try {
    executablePath = findBrowser();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== 'no-browser') throw error;
    const required = process.env.CI_REQUIRE_BROWSER === '1';
    describe(`no browser: ${message}`, () => {
      it.skipIf(!required)('is needed by this file', () => expect.fail(message));
    });
    return;
  }
  // Without the graphics card, which charts do not need; root may not have a sandbox.
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  afterAll(() => browser.close());
  tests(browser);
}
