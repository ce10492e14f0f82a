/** `vssm serve` as a program: prints an address, serves it, ends when told. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));

it('prints where the page is, serves it, and ends on SIGTERM', async () => {
  const server = spawn(process.execPath, [main, 'serve'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(server, 'exit');
  const [printed] = await once(server.stdout, 'data');
  const page = await fetch(String(printed).trim());
  expect(await page.text()).toContain('<title>Token pruning on your own GPU</title>');
  server.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
