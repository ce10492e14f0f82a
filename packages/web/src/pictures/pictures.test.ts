/** What the pictures of README and docs are made of, and what is refused. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { withoutWebgpu, withPage } from '../test-support/browser.ts';
import { checkReport, picturePage, pictureReport } from './pictures.ts';

const folder = mkdtempSync(join(tmpdir(), 'vssm-pictures-'));
afterAll(() => rmSync(folder, { recursive: true }));

function reportOf(name: string, body: string): string {
  const report = join(folder, name);
  mkdirSync(report);
  writeFileSync(join(report, 'index.html'), body);
  return report;
}

/** Width and height of a PNG file. */
function sizeOf(png: string): readonly [number, number] {
  const bytes = readFileSync(png);
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

describe('a report that is not fit to be shown', () => {
  it('is refused where there is none, by the command too', async () => {
    expect(() => checkReport(folder)).toThrow(/no index\.html is in it; pnpm bench writes one/);
    const script = join(import.meta.dirname, 'main.ts');
    await expect(promisify(execFile)(process.execPath, [script, folder])).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: `report "${folder}": no index.html is in it; pnpm bench writes one\n`,
    });
  });

  it('is refused where its run was cut down', () => {
    const cut = reportOf('cut', '<p class="banner loud"><strong>Partial, not comparable.</strong></p>');
    expect(() => checkReport(cut)).toThrow(/cut-down run; show one of pnpm bench without --limit/);
    expect(() => checkReport(reportOf('whole', '<p class="banner">old</p>'))).not.toThrow();
  });
});

await withPage(({ browser, url }) => {
  it('are taken of a report and of the page after its run', async () => {
    const report = reportOf('shown', '<h1>Report</h1>');
    await pictureReport(browser, report, join(folder, 'report.png'));
    expect(sizeOf(join(folder, 'report.png'))).toEqual([1625, 1563]);
    await picturePage(browser, url, join(folder, 'page.png'));
    expect(sizeOf(join(folder, 'page.png'))).toEqual([1300, 1000]);
  });
}, withoutWebgpu);
