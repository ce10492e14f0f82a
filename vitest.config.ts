/**
 * One configuration for every package: `pnpm vitest PATH` from the root runs or watches whatever matches, and each
 * package's own `test` script runs what lies below it. Time limits are wide because tests share the machine with
 * each other, and nothing is asserted about time; a test that hangs still ends.
 */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    include: ['**/*.test.ts'],
  },
});
