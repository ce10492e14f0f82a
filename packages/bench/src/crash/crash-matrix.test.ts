/**
 * Everything that can happen to a run from outside. After each: no finished image is lost, none is there twice,
 * and no number is wrong, that is, the run that is gone on with ends as the undisturbed one.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { uniformNumbers } from '@vssm/core';
import { readResults } from '@vssm/results';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { newFolder } from '../test-support/made-up.ts';
import { type ChildOptions, content, predictions, startChild, watch } from './test-support/processes.ts';
import { mountSmallDisk } from './test-support/small-disk.ts';

const own = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const noSpace = own('./test-support/no-space.ts');
const kills = 20;

let undisturbed: ReturnType<typeof content>;
beforeAll(async () => {
  const folder = newFolder();
  const { code, err } = await startChild(folder).ended;
  expect(code, err).toBe(0);
  undisturbed = content(folder);
  expect(Object.values(undisturbed.predictions).map((text) => text.split('\n').length)).toEqual(
    Array.from({ length: 6 }, () => 1 + 1100 + 1),
  );
}, 60_000);

/** What a run that was cut off has left: beginnings of the undisturbed files, and records that it has too. */
function checkLeftovers(folder: string): void {
  for (const [name, text] of Object.entries(predictions(folder))) {
    expect(undisturbed.predictions[name].startsWith(text), name).toBe(true);
  }
  if (!existsSync(join(folder, 'results.jsonl'))) return;
  for (const record of content(folder).records) expect(undisturbed.records).toContain(record);
}

async function checkGoesOn(folder: string, options: ChildOptions = {}): Promise<string> {
  const { code, err } = await startChild(folder, options).ended;
  expect(code, err).toBe(0);
  expect(content(folder)).toEqual(undisturbed);
  const { records } = readResults(folder);
  expect(new Set(records.map(({ key }) => key)).size).toBe(records.length);
  return err;
}

const wholeLines = (folder: string) =>
  Object.values(predictions(folder)).reduce((sum, text) => sum + text.split('\n').length - 1, 0);

/** Names of prediction files that have an image's line, the longest first. */
const begunFiles = (folder: string) =>
  Object.entries(predictions(folder))
    .filter(([, text]) => text.split('\n').length > 2)
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([name]) => name);

describe('a run', () => {
  it(`that is killed at ${kills} random moments loses no line`, async () => {
    const uniform = uniformNumbers(7);
    let folder = newFolder();
    let killed = 0;
    let finished = 0;
    while (killed < kills) {
      const before = wholeLines(folder);
      const { process: running, running: begun, ended } = startChild(folder, { pause: 12 });
      await begun;
      // A run that is not killed takes 6 rows of 5 batches.
      await new Promise((resolve) => setTimeout(resolve, uniform() * 200));
      running.kill('SIGKILL');
      const { signal } = await ended;
      if (signal === 'SIGKILL') killed++;
      checkLeftovers(folder);
      expect(wholeLines(folder)).toBeGreaterThanOrEqual(before);
      if (signal !== 'SIGKILL' || wholeLines(folder) === 6 * 1101) {
        await checkGoesOn(folder);
        finished++;
        folder = newFolder();
      }
    }
    await checkGoesOn(folder);
    expect(finished).toBeLessThan(kills);
  }, 120_000);

  const disk = mountSmallDisk(20);
  disk?.remove();

  it.runIf(disk !== null)(
    'on a full disk (a small tmpfs) stops by name and goes on when there is space',
    async () => {
      const small = mountSmallDisk(40)!;
      try {
        const folder = join(small.folder, 'results');
        const { code, err } = await startChild(folder).ended;
        expect(code).toBe(1);
        expect(err).toMatch(/UserError: .*: the disk is full; .*everything finished before is kept/);
        checkLeftovers(folder);
        expect(wholeLines(folder)).toBeGreaterThan(500);
        small.remount('size=4m');
        await checkGoesOn(folder);
      } finally {
        small.remove();
      }
    },
    60_000,
  );

  it.each([0, 5000, 60_000])(
    'on a disk that is full after %i bytes (injected ENOSPC) stops by name and goes on',
    async (space) => {
      const folder = newFolder();
      const { code, err } = await startChild(folder, {
        before: [noSpace],
        env: { VSSM_TEST_SPACE: String(space) },
      }).ended;
      expect(code).toBe(1);
      expect(err).toMatch(/UserError: .*: the disk is full; .*everything finished before is kept/);
      expect(existsSync(join(folder, 'lock.json'))).toBe(false);
      checkLeftovers(folder);
      await checkGoesOn(folder);
    },
    60_000,
  );

  it('into a read-only folder says so and leaves it alone', async () => {
    const folder = newFolder();
    mkdirSync(folder, { recursive: true });
    const injected = { before: [noSpace], env: { VSSM_TEST_SPACE: 'read-only' } };
    const { code, err } = await startChild(folder, injected).ended;
    expect(code).toBe(1);
    expect(err).toContain(`UserError: ${folder}`);
    expect(err).toContain('read-only; choose another folder');
    await checkGoesOn(folder);
  }, 60_000);

  it.runIf(disk !== null)(
    'into a read-only mount says so and leaves it alone',
    async () => {
      const small = mountSmallDisk(4000)!;
      try {
        small.remount('ro');
        const { code, err } = await startChild(join(small.folder, 'results')).ended;
        expect(code).toBe(1);
        expect(err).toContain(`UserError: ${small.folder}`);
        expect(err).toContain('read-only; choose another folder');
        small.remount('rw');
        await checkGoesOn(join(small.folder, 'results'));
      } finally {
        small.remove();
      }
    },
    60_000,
  );

  it.each([
    ['cut short', '{"schema":1,"kind":"acc'],
    ['zeros, as a power failure leaves them', '\0'.repeat(300)],
    ['zeros and a newline', `${'\0'.repeat(300)}\n`],
    ['half overwritten', '{"schema":1,"kind"\u0001\u0002:7}\n'],
  ])(
    'whose last line is %s cuts it off, says so, and loses nothing',
    async (_, damage) => {
      const folder = newFolder();
      const { process: running, ended } = startChild(folder, { pause: 200 });
      await vi.waitUntil(() => begunFiles(folder).length === 2, { timeout: 30_000, interval: 10 });
      running.kill('SIGKILL');
      await ended;
      const [, name] = begunFiles(folder);
      // A second row takes five batches of 200 ms, so the file is one that was being written.
      expect(predictions(folder)[name].split('\n').length).toBeLessThan(1 + 1100 + 1);
      appendFileSync(join(folder, 'results.jsonl'), damage);
      appendFileSync(join(folder, 'predictions', name), damage);
      const said = await checkGoesOn(folder);
      expect(said).toMatch(/results\.jsonl: removed a last line/);
    },
    60_000,
  );

  it('whose last record is half gone writes it again', async () => {
    const folder = newFolder();
    await startChild(folder).ended;
    const file = join(folder, 'results.jsonl');
    truncateSync(file, readFileSync(file).length - 100);
    await checkGoesOn(folder);
  }, 60_000);

  it('that meets another one on its folder names it and leaves it alone', async () => {
    const folder = newFolder();
    const first = startChild(folder, { pause: 60 });
    await first.running;
    const second = await startChild(folder).ended;
    expect(second.code).toBe(1);
    expect(second.err).toMatch(
      new RegExp(
        `${folder}: process ${first.process.pid} on ${hostname()} has been writing here since \\d{4}-`,
      ),
    );
    first.process.kill('SIGKILL');
    await first.ended;
    expect(existsSync(join(folder, 'lock.json'))).toBe(true);
    await checkGoesOn(folder);
    expect(existsSync(join(folder, 'lock.json'))).toBe(false);
  }, 60_000);

  it('on a machine whose clock goes backwards ends as any other', async () => {
    const folder = newFolder();
    const { process: running, running: begun, ended } = startChild(folder, { pause: 20 });
    await begun;
    running.kill('SIGKILL');
    await ended;
    await checkGoesOn(folder, { backwards: 3_600_000 });
    const other = newFolder();
    await checkGoesOn(other, { backwards: 3_600_000 });
  }, 60_000);

  describe('whose worker thread runs out of memory', () => {
    const child = own('../test-support/run-child.ts');
    const start = (folder: string, before: readonly string[] = [], env: Record<string, string> = {}) =>
      watch(spawn(process.execPath, [...before, child, folder, '300'], { env: { ...process.env, ...env } }));
    let calm: string;
    beforeAll(async () => {
      calm = newFolder();
      const { code, err } = await start(calm).ended;
      expect(code, err).toBe(0);
    }, 60_000);

    it.each([
      ['while it loads the model', 'load'],
      ['in the middle of its images', 'run'],
    ])(
      '%s replaces it and answers for every image',
      async (_, when) => {
        const folder = newFolder();
        mkdirSync(folder, { recursive: true });
        const mark = join(folder, '..', 'mark');
        const little = ['--max-old-space-size=128', '--import', own('./test-support/memory-hog.ts')];
        const ended = start(folder, little, { VSSM_TEST_MARK: mark, VSSM_TEST_WHEN: when }).ended;
        const { code, out, err } = await ended;
        expect(code, err).toBe(0);
        expect(existsSync(mark)).toBe(true);
        expect(JSON.parse(out)).toMatchObject({ unreadable: 0, failures: [] });
        expect(content(folder)).toEqual(content(calm));
      },
      60_000,
    );
  });
});
