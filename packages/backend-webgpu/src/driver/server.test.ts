import { afterAll, describe, expect, it } from 'vitest';
import { pageBundle } from './bundle.ts';
import { PageServer } from './server.ts';

const server = await PageServer.start();
afterAll(() => server.close());

const status = async (path: string, options?: RequestInit) =>
  (await fetch(new URL(path, server.url), options)).status;

describe('the page server', () => {
  it('serves the page, its code, and the WebAssembly of runtime and kernels', async () => {
    for (const path of ['', 'main.js', 'runtime/ort-wasm-simd-threaded.mjs', 'kernels.wasm']) {
      expect([path, await status(path)]).toEqual([path, 200]);
    }
  });

  it('listens on this machine only', () => {
    expect(new URL(server.url).hostname).toBe('127.0.0.1');
  });

  it.each(['/', '/main.js', '/guess/main.js', '/guess/offers/x'])(
    'gives nothing to who does not know its path: %s',
    async (path) => {
      expect(await status(path)).toBe(404);
    },
  );

  it.each([
    'package.json',
    'runtime/package.json',
    'runtime/..%2fpackage.json',
    'runtime/%2e%2e/package.json',
    'offers/none',
  ])('has no other files: %s', async (path) => {
    expect(await status(path)).toBe(404);
  });

  it('keeps an offer until it is withdrawn', async () => {
    const name = server.offer([Uint8Array.of(1, 2), Uint8Array.of(3)]);
    const response = await fetch(new URL(`offers/${name}`, server.url));
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([1, 2, 3]);
    server.withdraw(name);
    expect(await status(`offers/${name}`)).toBe(404);
  });

  it('hands an answer over once', async () => {
    expect(await status('answers/a', { method: 'POST', body: Uint8Array.of(4, 5) })).toBe(204);
    expect([...new Uint8Array(server.take('a'))]).toEqual([4, 5]);
    expect(() => server.take('a')).toThrow(/sent nothing/);
  });
});

describe('the bundle', () => {
  it('imports nothing but its own files', async () => {
    const bundle = await pageBundle();
    const text = new TextDecoder();
    const imported = [...bundle.values()].flatMap((contents) =>
      [...text.decode(contents).matchAll(/(?:^|\n)(?:import|export)[^;'"]*from ?["']([^"']+)["']/g)].map(
        ([, name]) => name,
      ),
    );
    expect(imported.length).toBeGreaterThan(0);
    expect(imported.filter((name) => !bundle.has(name.replace('./', '')))).toEqual([]);
  });
});
