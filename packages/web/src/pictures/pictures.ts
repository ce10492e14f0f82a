/** Pictures of a written report and of the served page, as README and docs show them. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '@vssm/core';
import type { Browser } from 'playwright-core';

/** @throws UserError when there is no report, or none of a whole run */
export function checkReport(report: string): void {
  const index = join(report, 'index.html');
  if (!existsSync(index))
    throw new UserError(`report "${report}": no index.html is in it; pnpm bench writes one`);
  if (readFileSync(index, 'utf8').includes('class="banner loud"')) {
    throw new UserError(`report "${report}": made of a cut-down run; show one of pnpm bench without --limit`);
  }
}

/** Its top. */
export async function pictureReport(browser: Browser, report: string, to: string): Promise<void> {
  const page = await browser.newPage({
    viewport: { width: 1300, height: 1250 },
    deviceScaleFactor: 1.25,
    colorScheme: 'light',
  });
  await page.goto(pathToFileURL(resolve(report, 'index.html')).href);
  await page.screenshot({ path: to });
  await page.close();
}

/**
 * The page of `vssm serve` after a run of the embedded model, by the backend that it chose itself.
 *
 * @throws UserError where the run does not end well
 */
export async function picturePage(browser: Browser, url: string, to: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1300, height: 1000 }, colorScheme: 'light' });
  await page.goto(url);
  await page.waitForFunction("document.getElementById('status').textContent === 'Ready.'");
  // A software adapter takes seconds for a batch.
  await page.fill('#rounds', '5');
  await page.click('#run');
  await page.waitForFunction(
    "!document.getElementById('save').disabled || document.querySelector('.banner')",
    null,
    { timeout: 300_000 },
  );
  if ((await page.locator('.banner').count()) > 0) {
    throw new UserError(`the page's run ended with: ${await page.locator('.banner').textContent()}`);
  }
  await page.screenshot({ path: to });
  await page.close();
}
