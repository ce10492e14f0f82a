/**
 * Makes the pictures of README and docs: the top of a report as it stands in a folder, and the served page after a run.
 * `pnpm pictures [REPORT]`; default: reports/latest. Needs a browser of the Chromium family.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { findBrowser, launchBrowser } from '@vssm/backend-webgpu/server';
import { UserError } from '@vssm/core';
import { checkReport, picturePage, pictureReport } from './pictures.ts';

const root = resolve(import.meta.dirname, '../../../..');
const reportPicture = join(root, 'docs/report.png');
const pagePicture = join(root, 'docs/webgpu-page.png');

/** Calls `use` with the address of `vssm serve`, which ends afterwards. */
async function withServer(use: (url: string) => Promise<void>): Promise<void> {
  const command = [join(root, 'packages/cli/src/main.ts'), 'serve'];
  const server = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await Promise.race([
      once(server.stdout, 'data'),
      once(server, 'exit').then(() => {
        throw new UserError('vssm serve ended before it said its address; its reason stands above');
      }),
    ]);
    await use(String(line).trim());
  } finally {
    server.kill();
  }
}

async function main(report: string): Promise<void> {
  checkReport(report);
  const browser = await launchBrowser(findBrowser());
  try {
    await pictureReport(browser, report, reportPicture);
    process.stdout.write(`${reportPicture}\n`);
    await withServer((url) => picturePage(browser, url, pagePicture));
    process.stdout.write(`${pagePicture}\n`);
  } finally {
    await browser.close();
  }
}

try {
  await main(process.argv[2] ?? 'reports/latest');
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
