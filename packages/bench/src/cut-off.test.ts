/** Real evaluations that end before they are done: killed, interrupted, out of disk. Each is a real process. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { uniformNumbers } from '@vssm/core';
import { readResults } from '@vssm/results';
import { beforeAll, describe, expect, it } from 'vitest';
import { content, type Started, watch } from './crash/test-support/processes.ts';
import { newFolder } from './test-support/made-up.ts';

const child = fileURLToPath(new URL('./test-support/run-child.ts', import.meta.url));
const limit = 600;

function start(folder: string, shell?: string): Started {
  const command = [process.execPath, child, folder, String(limit)];
  return watch(
    shell === undefined ? spawn(command[0], command.slice(1)) : spawn('sh', ['-c', shell, 'sh', ...command]),
  );
}

const bytesThere = (folder: string) => {
  const predictions = join(folder, 'predictions');
  if (!existsSync(predictions)) return 0;
  return readdirSync(predictions).reduce(
    (sum, name) => sum + readFileSync(join(predictions, name)).length,
    0,
  );
};

describe('a run that is cut off', () => {
  let undisturbed: unknown;
  let allBytes = 0;

  beforeAll(async () => {
    const folder = newFolder();
    const { code, err } = await start(folder).ended;
    allBytes = bytesThere(folder);
    expect(code, err).toBe(0);
    undisturbed = content(folder);
  }, 60_000);

  it('ends with the same results after SIGKILL at random moments', async () => {
    const folder = newFolder();
    const uniform = uniformNumbers(3);
    const killedAt: number[] = [];
    // Moments are parts of the work that is left, so that a slow or busy machine changes nothing.
    for (let attempt = 0; attempt < 3; attempt++) {
      const before = bytesThere(folder);
      const moment = before + 0.7 * uniform() * (allBytes - before);
      const { process: running, ended } = start(folder);
      while (bytesThere(folder) < moment) await new Promise((resolve) => setTimeout(resolve, 2));
      running.kill('SIGKILL');
      const { signal } = await ended;
      expect(signal).toBe('SIGKILL');
      killedAt.push(bytesThere(folder));
    }
    const { code, err } = await start(folder).ended;
    expect(code, err).toBe(0);
    expect(content(folder), `killed at ${killedAt.join(', ')} of ${allBytes} bytes`).toEqual(undisturbed);
  }, 60_000);

  it('finishes its batch on Ctrl-C, says how to go on, and does go on', async () => {
    const folder = newFolder();
    const { process: running, ended } = start(folder);
    while (bytesThere(folder) < 1000) await new Promise((resolve) => setTimeout(resolve, 5));
    running.kill('SIGINT');
    const { code, out, err } = await ended;
    expect(code).toBe(130);
    expect(JSON.parse(out)).toMatchObject({ stoppedBy: 'SIGINT' });
    expect(err).toContain('SIGINT: finishing the current batch');
    expect(existsSync(join(folder, 'lock.json'))).toBe(false);

    const again = await start(folder).ended;
    expect(again.code, again.err).toBe(0);
    expect(content(folder)).toEqual(undisturbed);
  }, 60_000);

  it.skipIf(process.platform === 'win32')(
    'says that a file cannot grow and loses nothing',
    async () => {
      const folder = newFolder();
      // 16 blocks of 512 bytes (1,024 in some shells): less than the results, more than their beginning.
      const { code, err } = await start(folder, 'trap \'\' XFSZ; ulimit -f 16; exec "$@"').ended;
      expect(code).toBe(1);
      expect(err).toMatch(/UserError: .*(predictions|results\.jsonl).*everything finished before is kept/);
      expect(readResults(folder).tornBytes).toBe(0);

      const again = await start(folder).ended;
      expect(again.code, again.err).toBe(0);
      expect(content(folder)).toEqual(undisturbed);
    },
    60_000,
  );
});
