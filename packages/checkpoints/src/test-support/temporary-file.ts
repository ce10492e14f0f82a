/** Files for tests, in a folder that is removed when the test file is done. */
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export { testdata } from './test-data.ts';

/** Returns a function that writes bytes to a new file in the folder and gives its path. */
export function temporaryFiles(): (name: string, bytes: Uint8Array) => Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'vssm-checkpoints-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return async (name, bytes) => {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return path;
  };
}
