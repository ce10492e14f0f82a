/**
 * The report as a browser shows it, at three widths, light and dark: nothing is cut off, no label lies on another, and
 * every table shows numbers. With VSSM_SCREENSHOTS=FOLDER the whole pages are kept there, to be looked at.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileSet } from './files.ts';
import { colours } from './palette.ts';
import { reportFiles } from './report.ts';
import { withBrowser } from './test-support/browser.ts';
import { everySection } from './test-support/made-up-everything.ts';
import {
  clippedLabels,
  clippedTables,
  coloursOf,
  overlappingLabels,
  tablesWithoutNumbers,
} from './test-support/seen.ts';
import { temporaryFolder } from './test-support/temporary-folder.ts';

const kept = process.env.VSSM_SCREENSHOTS;

await withBrowser((browser) => {
  const folder = join(temporaryFolder(), 'report');
  let files: FileSet;
  beforeAll(async () => {
    files = await reportFiles(everySection());
    files.writeTo(folder);
  });

  const open = async (width: number, deviceScaleFactor = 1): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width, height: 1000 }, deviceScaleFactor });
    await page.goto(pathToFileURL(join(folder, 'index.html')).href);
    await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true;
    });
    return page;
  };

  describe.each([390, 1300, 1900])('%i pixels wide', (width) => {
    let page: Page;
    beforeAll(async () => {
      page = await open(width);
    });
    afterAll(() => page.close());

    it.each(['light', 'dark'] as const)('is %s, and nothing sticks out', async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      const seen = await page.evaluate(() => ({
        width: document.documentElement.scrollWidth,
        background: getComputedStyle(document.body).backgroundColor,
        nav: getComputedStyle(document.querySelector('nav')!).position,
      }));
      const hex = colours.page[colorScheme === 'light' ? 0 : 1].match(/\w\w/g) ?? [];
      const [red, green, blue] = hex.map((channel) => Number.parseInt(channel, 16));
      expect(seen).toEqual({ width, background: `rgb(${red}, ${green}, ${blue})`, nav: 'sticky' });
      if (kept === undefined) return;
      mkdirSync(kept, { recursive: true });
      await page.screenshot({ path: join(kept, `report-${width}-${colorScheme}.png`), fullPage: true });
    });

    it('shows numbers in every table', async () => {
      expect(await page.evaluate(tablesWithoutNumbers)).toEqual([]);
      // From a laptop's width on there is room for every column.
      if (width > 1000) expect(await page.evaluate(clippedTables)).toEqual([]);
    });

    it('has no name on another in the pictures', async () => {
      expect(await page.locator('.view svg text').count()).toBeGreaterThan(10);
      expect(await page.evaluate(clippedLabels, '.view svg')).toEqual([]);
      expect(await page.evaluate(overlappingLabels, '.view svg')).toEqual([]);
    });
  });

  it.each(['wide', 'narrow'])('draws %s charts with every label whole and free', async (size) => {
    const page = await browser.newPage();
    const charts = files.paths.filter((path) => path.endsWith(`.${size}.svg`));
    expect(charts.length).toBeGreaterThan(15);
    const drawings = charts.map((path) => `<figure id="${path}">${files.content(path)}</figure>`);
    await page.setContent(drawings.join(''));
    expect(await page.evaluate(clippedLabels, 'svg')).toEqual([]);
    expect(await page.evaluate(overlappingLabels, 'svg')).toEqual([]);
    await page.close();
  });

  it('draws no hairline around tables that fit, on screens whose pixels are smaller too', async () => {
    const page = await open(1300, 1.25);
    await page.addStyleTag({ content: 'table { visibility: hidden; } .scroll { outline: none; }' });
    const frames = await page.locator('.scroll').all();
    expect(frames.length).toBeGreaterThan(5);
    for (const frame of frames.slice(0, 5)) {
      await frame.scrollIntoViewIfNeeded();
      const { x, y, width, height } = (await frame.boundingBox())!;
      const clip = { x: x - 3, y: y - 3, width: width + 6, height: height + 6 };
      const picture = (await page.screenshot({ clip })).toString('base64');
      expect(await page.evaluate(coloursOf, `data:image/png;base64,${picture}`)).toHaveLength(1);
    }
    await page.close();
  });

  it('draws the charts again with tooltips, as large as the pictures', async () => {
    const page = await open(1300);
    const plot = page.locator('.plot').first();
    await plot.scrollIntoViewIfNeeded();
    await page.waitForSelector('.plot.live .interactive svg');
    expect(await page.evaluate(clippedLabels, '.interactive svg')).toEqual([]);
    await page.close();
  });
});
