/**
 * Makes the pictures of README and docs: the top of a report as it stands in a folder, and the served page after it has
 * run. `pnpm pictures [REPORT]`; default: reports/latest. Needs a browser of the Chromium family.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findBrowser } from '@vssm/backend-webgpu/server';
import { UserError } from '@vssm/core';
import { type Browser, chromium } from 'playwright-core';

const docs = resolve(import.meta.dirname, '../../../../docs');

/** @throws UserError when there is no report, or none of a whole run */
export async function pictureReport(browser: Browser, report: string, to: string): Promise<void> {
  const index = join(report, 'index.html');
  if (!existsSync(index))
    throw new UserError(`report "${report}": no index.html is in it; pnpm bench writes one`);
  if (readFileSync(index, 'utf8').includes('class="banner loud"')) {
    throw new UserError(`report "${report}": made of a cut-down run; show one of pnpm bench without --limit`);
  }
  const page = await browser.newPage({
    viewport: { width: 1300, height: 1250 },
    deviceScaleFactor: 1.25,
    colorScheme: 'light',
  });
  await page.goto(pathToFileURL(resolve(index)).href);
  await page.screenshot({ path: to });
  await page.close();
}

if (import.meta.main) {
  const [report = 'reports/latest'] = process.argv.slice(2);
  const browser = await chromium.launch({ executablePath: findBrowser(), args: ['--no-sandbox'] });
  try {
    await pictureReport(browser, report, join(docs, 'report.png'));
    process.stdout.write(`${join(docs, 'report.png')}\n`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  } finally {
    await browser.close();
  }
}
