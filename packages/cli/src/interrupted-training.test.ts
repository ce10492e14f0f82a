/** A training run that a signal ends: its exit code says which one, and what was trained is kept. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodePng } from '@vssm/datasets';
import { runFiles } from '@vssm/train';
import { afterAll, beforeAll, expect, it } from 'vitest';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const images = 4;

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vssm-interrupted-'));
  for (const [label, name] of ['dark', 'light'].entries()) {
    mkdirSync(join(folder, 'photos', name), { recursive: true });
    for (let index = 0; index < images / 2; index++) {
      const data = new Uint8Array(3 * 8 * 8).fill(60 + 120 * label + index);
      writeFileSync(
        join(folder, 'photos', name, `${index}.png`),
        await encodePng({ width: 8, height: 8, data }),
      );
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

it.skipIf(process.platform === 'win32').each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('a run ended by %s exits with %i, and says how to go on', async (signal, expected) => {
  const out = join(folder, signal);
  const size = ['--spec', 'width=8,depth=1,state=4,size=8,patch=4,stride=4'];
  // Far more epochs than any machine has time for: only the signal ends it.
  const recipe = ['--epochs', '999999', '--batch', '2', '--micro-batch', '1', '--log-every', '1'];
  const options = [...size, ...recipe, '--threads', '1', '--data', join(folder, 'photos'), '--out', out];
  const run = spawn(process.execPath, [main, 'train', ...options]);
  let told = '';
  let asked = false;
  run.stderr.on('data', (text) => {
    told += text;
    // The run itself says when it trains, so no clock is needed.
    if (!asked && told.includes('step 2/')) asked = run.kill(signal);
  });
  const code = await new Promise((resolve) => run.on('close', resolve));
  expect(code, told).toBe(expected);
  expect(told).toContain(`${signal}: stopping after this step`);
  expect(told).toMatch(/stopped after \d+ of \d+ steps; run the same command again to go on/);
  expect(existsSync(join(out, runFiles.state))).toBe(true);
});
