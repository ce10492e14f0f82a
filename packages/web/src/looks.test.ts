/**
 * The served page as a browser shows it after a run, on a phone and on a laptop, light and dark: nothing is cut off, and
 * the pictures are large enough to see. With VSSM_SCREENSHOTS=FOLDER the whole page is kept there, to be looked at.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withPage } from './test-support/browser.ts';
import { clippedControls, cutWords, gapBelow } from './test-support/seen.ts';

const kept = process.env.VSSM_SCREENSHOTS;

await withPage(({ browser, url }) => {
  let page: Page;
  beforeAll(async () => {
    page = await browser.newPage();
    await page.goto(url);
    await page.waitForFunction("document.getElementById('status').textContent === 'Ready.'");
    await page.check('input[value=wasm]');
    await page.fill('#rounds', '2');
    await page.click('#run');
    await page.waitForFunction("!document.getElementById('save').disabled");
    // A notice, and the field of a checkpoint of the visitor's own, are part of what must fit.
    await page.setInputFiles('#files', { name: 'no.png', mimeType: 'image/png', buffer: Buffer.from('no') });
    await page.waitForSelector('.banner');
    await page.evaluate(() => {
      document.getElementById('own-field')!.hidden = false;
    });
  });
  afterAll(() => page.close());

  it('keeps what was found beside a notice that changes nothing of it', async () => {
    expect(await page.isVisible('#timing table')).toBe(true);
    expect(await page.isVisible('#tally')).toBe(true);
    expect(await page.isEnabled('#save')).toBe(true);
  });

  describe.each([390, 1300])('%i pixels wide', (width) => {
    beforeAll(() => page.setViewportSize({ width, height: 1000 }));

    it.each(['light', 'dark'] as const)('is %s, and nothing sticks out', async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      expect(await page.evaluate(cutWords)).toEqual([]);
      if (kept === undefined) return;
      mkdirSync(kept, { recursive: true });
      await page.screenshot({ path: join(kept, `page-${width}-${colorScheme}.png`), fullPage: true });
    });

    it('shows every choice whole', async () => {
      expect(await page.locator('option').count()).toBeGreaterThan(15);
      expect(await page.evaluate(clippedControls)).toEqual([]);
    });

    it('keeps notices apart from the words above them', async () => {
      expect(await page.evaluate(gapBelow, ['.subtitle', '.banner'] as const)).toBeGreaterThan(15);
    });

    it('shows pictures large enough to tell patches apart', async () => {
      const widths = await page
        .locator('.step svg')
        .evaluateAll((pictures) => pictures.map((picture) => picture.getBoundingClientRect().width));
      expect(widths).toHaveLength(40);
      // Seven patches across.
      expect(Math.min(...widths)).toBeGreaterThan(7 * 20);
    });
  });
});
