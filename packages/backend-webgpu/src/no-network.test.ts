/** The driven browser finds no machine but this one, and that only by its address: what it asks for goes nowhere. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, it } from 'vitest';
import { withBrowser } from './test-support/browser.ts';

const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.headers.host ?? '');
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.end('here');
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
afterAll(() => {
  server.close();
});

await withBrowser(async (browser) => {
  it('names have no address there, not even those that Chromium answers itself', async () => {
    const tab = await browser.openTab();
    const ask = (host: string) =>
      tab.page.evaluate(
        (url) =>
          fetch(url).then(
            (answer) => answer.text(),
            () => 'unreachable',
          ),
        `http://${host}:${port}/`,
      );
    expect(await ask('127.0.0.1')).toBe('here');
    expect(await ask('localhost')).toBe('unreachable');
    expect(await ask('elsewhere.localhost')).toBe('unreachable');
    expect(asked).toEqual([`127.0.0.1:${port}`]);
    await tab.close();
  });
});
