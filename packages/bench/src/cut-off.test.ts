/** Real evaluations that end before they are done: killed, interrupted, out of disk. Each is a real process. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { uniformNumbers } from '@vssm/core';
import { readResults } from '@vssm/results';
import { beforeAll, describe, expect, it } from 'vitest';
import { content, type Started, watch } from './crash/test-support/processes.ts';
import { newFolder } from './test-support/made-up.ts';

const child = fileURLToPath(new URL('./test-support/run-child.ts', import.meta.url));
const limit = 600;

/** @param most images that it reads before it waits for a signal */
function start(folder: string, { most, shell }: { most?: number; shell?: string } = {}): Started {
  const command = [
    process.execPath,
    child,
    folder,
    String(limit),
    ...(most === undefined ? [] : [String(most)]),
  ];
  return watch(
    shell === undefined ? spawn(command[0], command.slice(1)) : spawn('sh', ['-c', shell, 'sh', ...command]),
  );
}

describe('a run that is cut off', () => {
  let undisturbed: unknown;
  let allLoads = 0;

  beforeAll(async () => {
    const folder = newFolder();
    const { code, out, err } = await start(folder).ended;
    expect(code, err).toBe(0);
    allLoads = JSON.parse(out).loads;
    // Three evaluations of all images, and the images that are drawn.
    expect(allLoads).toBeGreaterThan(3 * limit);
    undisturbed = content(folder);
  });

  it('ends with the same results after SIGKILL, wherever it comes', async () => {
    const folder = newFolder();
    const uniform = uniformNumbers(3);
    // Images that are still to be read at most: what was read and not yet written is read again.
    let left = allLoads - 1;
    const killedAt: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      const most = Math.floor(0.5 * uniform() * left);
      const { process: running, running: waiting, ended } = start(folder, { most });
      await waiting;
      running.kill('SIGKILL');
      const { signal, err } = await ended;
      expect(signal, err).toBe('SIGKILL');
      killedAt.push(most);
      left -= most;
    }
    const { code, out, err } = await start(folder).ended;
    expect(code, err).toBe(0);
    expect(JSON.parse(out).loads, 'nothing of the first runs was kept').toBeLessThan(allLoads);
    expect(content(folder), `killed after ${killedAt.join(', ')} of ${allLoads} images`).toEqual(undisturbed);
  });

  it('finishes its batch on Ctrl-C, says how to go on, and does go on', async () => {
    const folder = newFolder();
    // In the second evaluation's last batch: its model is loaded, which a signal would end at once.
    const { process: running, running: waiting, ended } = start(folder, { most: 2 * limit - 1 });
    await waiting;
    running.kill('SIGINT');
    const { code, out, err } = await ended;
    expect(code).toBe(130);
    expect(JSON.parse(out.replace('running', ''))).toMatchObject({ stoppedBy: 'SIGINT' });
    expect(err).toContain('SIGINT: finishing the current batch');
    expect(existsSync(join(folder, 'lock.json'))).toBe(false);

    const again = await start(folder).ended;
    expect(again.code, again.err).toBe(0);
    expect(content(folder)).toEqual(undisturbed);
  });

  it.skipIf(process.platform === 'win32')('says that a file cannot grow and loses nothing', async () => {
    const folder = newFolder();
    // 16 blocks of 512 bytes (1,024 in some shells): less than the results, more than their beginning.
    const { code, err } = await start(folder, { shell: 'trap \'\' XFSZ; ulimit -f 16; exec "$@"' }).ended;
    expect(code).toBe(1);
    expect(err).toMatch(/UserError: .*(predictions|results\.jsonl).*everything finished before is kept/);
    expect(readResults(folder).tornBytes).toBe(0);

    const again = await start(folder).ended;
    expect(again.code, again.err).toBe(0);
    expect(content(folder)).toEqual(undisturbed);
  });
});
