/**
 * The browser of a test file: found or not, that is decided once. Without one its tests are skipped with the
 * reason; with CI_REQUIRE_BROWSER=1 they fail instead.
 */
import { DeviceError } from '@vssm/backend';
import { afterAll, describe, expect, it } from 'vitest';
import { Browser } from '../driver/browser.ts';

/** Calls `tests` with a browser that is closed after the file's last test. */
export async function withBrowser(tests: (browser: Browser) => Promise<void>): Promise<void> {
  let browser: Browser;
  try {
    browser = await Browser.open();
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const required = process.env.CI_REQUIRE_BROWSER === '1';
    describe(`no browser: ${error.message}`, () => {
      it.skipIf(!required)('is needed by this file', () => expect.fail(error.message));
    });
    return;
  }
  afterAll(() => browser.close());
  await tests(browser);
}
