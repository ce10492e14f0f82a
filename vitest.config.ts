/**
 * One configuration for every package: `pnpm vitest PATH` from the root runs or watches whatever matches, and each
 * package's own `test` script runs what lies below it. Time limits are wide because tests share the machine with
 * each other, and nothing is asserted about time; a test that hangs still ends. Packages whose tests leave nothing behind
 * in their modules run all files in the same processes (`--no-isolate`), which load everything once.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// For the workers, and for all processes that tests start: what Node has compiled once, it finds again.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL('node_modules/.cache/vssm-compiled', import.meta.url),
);

// What tests, and what they start, leave in the temporary folder, also where they are killed, goes with the run.
const temporary = mkdtempSync(join(tmpdir(), 'vssm-tests-'));
Object.assign(process.env, { TMPDIR: temporary, TMP: temporary, TEMP: temporary });
process.once('exit', () => {
  try {
    rmSync(temporary, { recursive: true, force: true });
  } catch {
    // Something still writes there; the tests have passed or failed without it.
  }
});

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    include: ['**/*.test.ts'],
  },
});
