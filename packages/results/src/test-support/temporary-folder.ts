import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that goes with the test run. */
export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'vssm-test-'));
