import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { compile, wasmFile } from '../build.ts';

it('the committed module is what its source compiles to; else: pnpm --filter @vssm/kernels build', async () => {
  const committed = await readFile(wasmFile);
  expect(Buffer.compare(committed, await compile())).toBe(0);
});
