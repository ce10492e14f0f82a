/**
 * One configuration for every package: `pnpm vitest PATH` from the root runs or watches whatever matches, and each
 * package's own `test` script runs what lies below it. Time limits are wide because tests share the machine with
 * each other, and nothing is asserted about time; a test that hangs still ends. Packages whose tests leave nothing behind
 * in their modules run all files in the same processes (`--no-isolate`), which load everything once.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// For the workers, and for all processes that tests start: what Node has compiled once, it finds again.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL('node_modules/.cache/vssm-compiled', import.meta.url),
);

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    include: ['**/*.test.ts'],
  },
});
