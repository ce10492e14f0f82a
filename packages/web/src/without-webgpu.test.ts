/** The page in a browser that has no WebGPU: the reason is shown, and WebAssembly takes its place. */
import { expect, it } from 'vitest';
import { withoutWebgpu, withPage } from './test-support/browser.ts';

await withPage(({ browser, url }) => {
  it('falls back to WebAssembly and says why', async () => {
    const page = await browser.newPage();
    await page.goto(url);
    await page.waitForFunction("document.getElementById('status').textContent === 'Ready.'");
    expect(await page.isDisabled('input[value=webgpu]')).toBe(true);
    expect(await page.isChecked('input[value=wasm]')).toBe(true);
    expect(await page.locator('#webgpu-note').textContent()).toMatch(
      /^No WebGPU here\. (This browser has no WebGPU|The browser found no WebGPU adapter)\. What to do: update the browser/,
    );
  });
}, withoutWebgpu);
