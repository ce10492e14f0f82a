/** The page in a browser: it runs, draws what is kept, tells what is wrong, and saves what the reader reads. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeImage } from '@vssm/datasets';
import { applyRecipe, recipes } from '@vssm/datasets/recipe';
import { writeReport } from '@vssm/report';
import { readResults } from '@vssm/results';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servePage } from './index.ts';
import { header, withPage } from './test-support/browser.ts';

const embeddedCheckpoint = fileURLToPath(
  new URL('../../../datasets/fashion-mnist/vim-nano-fmnist.pth', import.meta.url),
);

/** A red square of one pixel, as PNG. */
const red =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

/** Mean difference of two 8-bit pictures of one size. */
function apart(a: Uint8Array, b: Uint8Array): number {
  expect(a).toHaveLength(b.length);
  return a.reduce((sum, value, at) => sum + Math.abs(value - b[at]), 0) / a.length;
}

/** RGB of the first card's picture, once the cards are laid. */
async function shownPicture(page: Page): Promise<Uint8Array> {
  await page.waitForSelector('#cards image', { state: 'attached' });
  const rgb = await page.evaluate(async () => {
    const picture = new Image();
    picture.src = document.querySelector('#cards image')!.getAttribute('href')!;
    await picture.decode();
    const canvas = new OffscreenCanvas(picture.width, picture.height).getContext('2d')!;
    canvas.drawImage(picture, 0, 0);
    return [...canvas.getImageData(0, 0, picture.width, picture.height).data].filter((_, at) => at % 4 < 3);
  });
  return Uint8Array.from(rgb);
}

await withPage(({ browser, url }) => {
  const folder = mkdtempSync(join(tmpdir(), 'vssm-page-'));
  const complaints: string[] = [];
  let page: Page;

  const open = async (address: string) => {
    const opened = await browser.newPage();
    opened.on('pageerror', (error) => complaints.push(String(error)));
    await opened.goto(address);
    return opened;
  };
  const ready = (at: Page) =>
    at.waitForFunction("document.getElementById('status').textContent === 'Ready.'");
  const done = (at: Page) =>
    at.waitForFunction(
      "!document.getElementById('save').disabled || document.querySelector('.banner')",
      null,
      {
        timeout: 90_000,
      },
    );
  const text = async (selector: string) => (await page.locator(selector).textContent()) ?? '';

  beforeAll(async () => {
    page = await open(url);
    await ready(page);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe('on WebAssembly', () => {
    it('answers the samples, draws what is kept, and takes times', async () => {
      await page.check('input[value=wasm]');
      await page.fill('#rounds', '3');
      await page.check('#explained');
      await page.click('#run');
      await done(page);
      expect(await text('#status')).toBe('Done.');
      // Vim-nano prunes 50 tokens to 35, 25 and 17 with its class token: 15, 25 and 33 of 49 patches are gone.
      const gone = await page
        .locator('#cards figure:first-child path.pruned')
        .evaluateAll((paths) => paths.map((path) => path.getAttribute('d')!.split('M').length - 1));
      expect(gone).toEqual([15, 25, 33]);
      expect(await page.locator('#cards figure').count()).toBe(10);
      // Beside them what the dense and the pruned model have read, each over the whole grid.
      expect(await page.locator('#cards figure image.read').count()).toBe(20);
      const maps = page.locator('#cards figure:last-child .step:has(image.read)');
      expect(await maps.allTextContents()).toEqual([
        expect.stringMatching(/^dense readsup to 4\.6\s%$/),
        expect.stringMatching(/^pruned readsup to 7\.4\s%$/),
      ]);
      expect(await text('#cards figure:first-child figcaption')).toMatch(
        /^T-shirt\/top · dense: .+, \d+\s%.* pruned: .+, \d+\s%/,
      );
      expect(await text('#tally')).toMatch(
        /^Of 10 samples the dense model gets \d+ right, the pruned one \d+\./,
      );
      expect(await text('#timing')).toMatch(/speed-upLatency.+ ×Throughputimages\/s, batch 10.+ ×$/);
      // datasets/fashion-mnist/CHECKPOINT.md gives this image's logits; their softmax is 0.9307.
      expect(await text('#cards figure:last-child figcaption')).toMatch(/ dense: Ankle boot, 93\s%/);
    });

    it('saves what the results reader and the report read', async () => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
      const file = join(folder, download.suggestedFilename());
      await download.saveAs(file);
      const { records, tornBytes } = readResults(file);
      expect(tornBytes).toBe(0);
      expect(records.map(({ kind }) => kind)).toEqual(['run', 'speed', 'speed', 'speed', 'speed', 'strip']);
      const speeds = records.filter((record) => record.kind === 'speed');
      expect(speeds.map(({ batch, plan }) => [batch, plan.schedule.length])).toEqual([
        [1, 0],
        [1, 3],
        [10, 0],
        [10, 3],
      ]);
      expect(speeds.map(({ samplesMs }) => samplesMs.length)).toEqual([3, 3, 3, 3]);
      expect(speeds[1]).toMatchObject({
        backend: { name: 'wasm', form: 'segments' },
        tokens: [50, 35, 25, 17],
        speedup: { against: speeds[0].key },
        model: { params: 171_610, weights: { from: 'checkpoint', file: 'vim-nano-fmnist.pth' } },
      });
      expect(new Set(records.map(({ key }) => key)).size).toBe(records.length);
      const [strip] = records.filter((record) => record.kind === 'strip');
      expect(strip.images[0].kept.map(({ positions }) => positions.length)).toEqual([35, 25, 17]);
      for (const map of Object.values(strip.images[0].read!)) {
        expect(map).toHaveLength(49);
        expect(map.reduce((sum, part) => sum + part)).toBeCloseTo(1, 2);
      }

      const report = await writeReport({ results: [file], benchmarks: [], out: join(folder, 'report') });
      expect(report).toMatchObject({ records: { speed: 4 }, warnings: [] });
      expect(readFileSync(report.index, 'utf8')).toContain('Vim-nano (Fashion-MNIST)');
    });

    it('runs pictures of the user and a checkpoint of the user, dense too', async () => {
      await page.selectOption('#model', 'own');
      await page.setInputFiles('#checkpoint', embeddedCheckpoint);
      await page.waitForFunction("document.getElementById('model-note').textContent.startsWith('171,610')");
      await page.click('#clear');
      await page.setInputFiles('#files', {
        name: 'red.png',
        mimeType: 'image/png',
        buffer: Buffer.from(red, 'base64'),
      });
      await page.fill('#schedule', '');
      await page.fill('#rounds', '0');
      await page.click('#run');
      await done(page);
      expect(await text('#cards figcaption')).toMatch(/^red\.png · dense: class \d, \d+\s%$/);
      expect(await page.locator('path.pruned').count()).toBe(0);
    });

    it('takes pictures that are dropped on it', async () => {
      const transfer = await page.evaluateHandle(async () => {
        const canvas = new OffscreenCanvas(40, 30);
        canvas.getContext('2d')!.fillRect(0, 0, 40, 30);
        const dropped = new DataTransfer();
        dropped.items.add(new File([await canvas.convertToBlob()], 'dropped.png'));
        return dropped;
      });
      await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer });
      await page.waitForSelector('#cards figure:nth-child(2)');
      expect(await text('#cards figure:nth-child(2)')).toContain('dropped.png');
    });

    it('reads one drop after another, and runs with all that were dropped before', async () => {
      await page.click('#clear');
      await page.evaluate(async () => {
        const canvas = new OffscreenCanvas(40, 30);
        canvas.getContext('2d')!.fillRect(0, 0, 40, 30);
        const blob = await canvas.convertToBlob();
        for (const name of ['first.png', 'second.png']) {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([blob], name));
          document
            .getElementById('drop')!
            .dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
        }
        document.getElementById('run')!.click();
      });
      await done(page);
      expect(await page.locator('#cards figcaption').allTextContents()).toEqual([
        expect.stringMatching(/^first\.png · dense: /),
        expect.stringMatching(/^second\.png · dense: /),
      ]);
    });

    it('keeps what starts a run in sight beside the longest form and no pictures', async () => {
      await page.click('#clear');
      await page.evaluate('scrollTo(0, document.body.scrollHeight)');
      const { y } = (await page.locator('#run').boundingBox())!;
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThan(60);
    });

    it('reads pictures as the model’s recipe does: upright for PlainMamba, as stored for Vim', async () => {
      const name = 'coffee_exif_prog.jpg';
      const file = fileURLToPath(new URL(`../../datasets/testdata/preprocess/${name}`, import.meta.url));
      const decoded = async (like: 'pillow' | 'opencv') =>
        applyRecipe(await decodeImage(readFileSync(file), name, like), recipes['vim-imagenet']).data;
      const [stored, upright] = [await decoded('pillow'), await decoded('opencv')];
      await page.click('#clear');
      await page.selectOption('#model', 'vim-tiny');
      await page.setInputFiles('#files', file);
      // Decoders differ in how they enlarge chroma, by less than the picture differs from itself turned.
      expect(apart(stored, upright)).toBeGreaterThan(20);
      expect(apart(await shownPicture(page), stored)).toBeLessThan(2);
      await page.selectOption('#model', 'plainmamba-l1');
      expect(apart(await shownPicture(page), upright)).toBeLessThan(2);
      await page.selectOption('#model', 'own');
      await page.setInputFiles('#checkpoint', embeddedCheckpoint);
      await page.waitForFunction("document.getElementById('model-note').textContent.startsWith('171,610')");
    });

    it('stops when told, and keeps what was shown', async () => {
      await page.fill('#rounds', '1000');
      await page.click('#run');
      await page.waitForFunction("document.getElementById('status').textContent.startsWith('timing')");
      await page.click('#stop');
      await page.waitForFunction("document.getElementById('status').textContent.startsWith('Stopped')");
      expect(await text('#cards figcaption >> nth=0')).toContain('dense: ');
      expect(await page.isDisabled('#save')).toBe(true);
      await page.fill('#rounds', '0');
    });

    it('says what is wrong with a file', async () => {
      await page.setInputFiles('#checkpoint', { name: 'no.pth', mimeType: '', buffer: Buffer.from('hello') });
      await page.waitForSelector('.banner');
      expect(await text('.banner')).toMatch(/checkpoint no\.pth: is no checkpoint/i);
      await page.setInputFiles('#files', [
        { name: 'no.png', mimeType: 'image/png', buffer: Buffer.from('no') },
        { name: 'good.png', mimeType: 'image/png', buffer: Buffer.from(red, 'base64') },
      ]);
      await page.waitForFunction("document.querySelector('.banner')?.textContent.includes('no.png')");
      expect(await text('.banner')).toMatch(/cannot decode it; use a JPEG, PNG or WebP/);
      // The others are there.
      expect(await page.locator('#cards figcaption').allTextContents()).toContain('good.png');
      await page.selectOption('#model', 'embedded');
    });
  });

  describe('a schedule', () => {
    it.each([
      ['2,4', /"2,4" is not of the form BLOCK,BLOCK@KEEP/],
      ['4,2@0.7', /block 2 comes after block 4; blocks must rise/],
      ['2,40@0.7', /block 40 is not there; the model has 8 blocks/],
      ['2@1.5', /keep ratio 1\.5 after block 2 must be above 0/],
    ])('that is wrong is told in words: %s', async (schedule, words) => {
      await page.fill('#schedule', schedule);
      expect(await text('#plan-error')).toMatch(words);
      expect(await page.isDisabled('#run')).toBe(true);
      expect(await page.getAttribute('#schedule', 'aria-invalid')).toBe('true');
    });

    it('that is right is told in tokens', async () => {
      await page.fill('#schedule', '2,4,6@0.7');
      expect(await text('#plan-error')).toBe('');
      expect(await text('#plan-note')).toMatch(/^50 → 35 → 25 → 17 tokens; /);
      expect(await page.isDisabled('#run')).toBe(false);
    });

    it('is suggested anew for a deeper model, unless it is the user’s own', async () => {
      await page.selectOption('#model', 'vim-tiny');
      expect(await page.inputValue('#schedule')).toBe('6,12,18@0.8');
      await page.fill('#schedule', '3@0.9');
      await page.selectOption('#model', 'embedded');
      expect(await page.inputValue('#schedule')).toBe('3@0.9');
    });
  });

  describe('on WebGPU', () => {
    it('answers and draws', async () => {
      await page.check('input[value=webgpu]');
      await page.fill('#schedule', '4@0.5');
      await page.click('#clear');
      await page.click('#samples');
      await page.click('#run');
      await done(page);
      expect(await text('#status')).toBe('Done.');
      expect(await page.locator('path.pruned').count()).toBe(10);
      expect(await text('#tally')).toMatch(/^Of 10 samples the dense model gets \d+ right/);
    });

    it('says so when the device goes away again and again, and WebAssembly still works', async () => {
      // The worker's next device and every one after it is destroyed by the first thing that it is asked to do.
      await page.workers()[0].evaluate(() => {
        const { submit } = GPUQueue.prototype;
        const { createBuffer } = GPUDevice.prototype;
        const devices = new WeakMap<GPUQueue, GPUDevice>();
        GPUDevice.prototype.createBuffer = function (descriptor) {
          devices.set(this.queue, this);
          return createBuffer.call(this, descriptor);
        };
        GPUQueue.prototype.submit = function (commands) {
          devices.get(this)?.destroy();
          return submit.call(this, commands);
        };
      });
      await page.click('#run');
      await done(page);
      expect(await text('.banner')).toMatch(/^The GPU went away.*device was lost.*run again/);
      await page.check('input[value=wasm]');
      await page.click('#run');
      await done(page);
      expect(await text('#status')).toBe('Done.');
    });
  });

  it('raised no error of its own', () => {
    expect(complaints).toEqual([]);
  });

  it('tells when its server is gone', async () => {
    const served = await servePage(header);
    const own = await open(served.url);
    await ready(own);
    await served.close();
    await own.waitForSelector('.banner');
    expect(await own.locator('.banner').textContent()).toMatch(/start it again with pnpm serve/);
    await own.close();
  });
});
