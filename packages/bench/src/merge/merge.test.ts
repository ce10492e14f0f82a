import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { readResults, resultsContent } from '@vssm/results';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BenchRequest, runBench } from '../run.ts';
import {
  accuracyRow,
  denseRow,
  experimentOf,
  madeUpBackend,
  madeUpDataset,
  newFolder,
  opened,
  requestOf,
  sourcesOf,
  speedRows,
} from '../test-support/made-up.ts';
import { mergeResults } from './merge.ts';

const shards = 3;
const row = accuracyRow('row');
const experiments = [
  experimentOf([denseRow, row, accuracyRow('big', { model: 'vim-small', dataset: 'imagenet' })]),
  experimentOf([accuracyRow('shared', { label: 'shared' })], 'second'),
  experimentOf(speedRows, 'speeds'),
];

/** Images 3 and 999 cannot be read. */
async function run(index: number | null, change: Partial<BenchRequest> = {}): Promise<string> {
  const request = requestOf([], {
    experiments,
    backend: opened(madeUpBackend()),
    sources: sourcesOf(madeUpDataset(1000, [3, 999])),
    ...(index !== null && {
      shard: { index, of: shards },
      command: ['vssm', 'bench', '--shard', `${index}/${shards}`],
    }),
    ...change,
  });
  await runBench(request);
  return request.out;
}

const merged = (folders: readonly string[]) => {
  const out = newFolder();
  return { out, outcome: mergeResults(folders, out) };
};

/** Without the headers, which say where each run was. */
const content = (folder: string) =>
  resultsContent(readResults(folder).records.filter(({ kind }) => kind !== 'run'));

const predictions = (folder: string) =>
  Object.fromEntries(
    readdirSync(join(folder, 'predictions')).map((name) => [
      name,
      readFileSync(join(folder, 'predictions', name)),
    ]),
  );

let whole: string;
let parts: string[];
beforeAll(async () => {
  whole = await run(null);
  parts = await Promise.all(Array.from({ length: shards }, (_, at) => run(at + 1)));
});

/** A copy of a part, to be damaged. */
function copyOf(folder: string): string {
  const copy = newFolder();
  mkdirSync(join(copy, '..'), { recursive: true });
  cpSync(folder, copy, { recursive: true });
  return copy;
}

function edit(folder: string, change: (text: string) => string): string {
  const copy = copyOf(folder);
  const file = join(copy, 'results.jsonl');
  writeFileSync(file, change(readFileSync(file, 'utf8')));
  return copy;
}

describe('mergeResults', () => {
  it('gives what one run gives: the same records, and every byte of the predictions', () => {
    for (const order of [parts, [...parts].reverse()]) {
      const { out, outcome } = merged(order);
      expect(outcome).toMatchObject({ folders: 3, joined: 2, images: 1600 });
      expect(content(out)).toEqual(content(whole));
      expect(predictions(out)).toEqual(predictions(whole));
    }
  });

  it('keeps the header of every run', () => {
    const headers = readResults(merged(parts).out).records.filter((record) => record.kind === 'run');
    expect(headers.map(({ command }) => command.at(-1))).toEqual(['1/3', '2/3', '3/3']);
  });

  it('holds no shard any more, and can be merged with other rows again', async () => {
    const { out } = merged(parts);
    expect(readResults(out).records.some(({ kind }) => kind === 'shard')).toBe(false);
    const other = await run(null, { experiments: [experimentOf([accuracyRow('other', { images: 'all' })])] });
    const again = merged([out, other]);
    expect(content(again.out)).toEqual([...content(whole), ...content(other)].sort());
    expect(predictions(again.out)).toEqual({ ...predictions(whole), ...predictions(other) });
  });

  it('takes a shard that has no image', async () => {
    const folders = await Promise.all([1, 2, 3].map((index) => run(index, { limit: 7 })));
    const { out } = merged(folders);
    expect(content(out)).toContainEqual(expect.stringContaining('"count":6'));
  });

  function refusal(folders: readonly string[]): string {
    const out = newFolder();
    let caught: unknown;
    try {
      mergeResults(folders, out);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(UserError);
    expect(existsSync(out)).toBe(false);
    return (caught as Error).message;
  }

  it('refuses gaps, by the shards that are missing', () => {
    expect(refusal(parts.slice(1))).toMatch(
      /made-up\/dense: of its 3 shards 1 are missing: 1;.*--shard 1\/3/,
    );
    expect(refusal(parts.slice(0, 1))).toContain('2 are missing: 2, 3');
  });

  it('refuses overlaps, naming both files', async () => {
    const again = await run(2);
    const message = refusal([...parts, again]);
    expect(message).toContain(
      `made-up/dense: shard 2/3 is in both ${join(parts[1], 'results.jsonl')} and ${join(again, 'results.jsonl')}`,
    );
    expect(refusal([...parts, whole])).toMatch(/whole in .*results\.jsonl, and there are shards of it too/);
    const twin = await run(null);
    expect(refusal([whole, twin])).toContain(
      `has a result in both ${join(whole, 'results.jsonl')} and ${join(twin, 'results.jsonl')}`,
    );
    expect(refusal([whole, whole])).toContain('named twice');
  });

  it('refuses other code, naming both values and both files', async () => {
    const other = await run(2, { codeVersion: 'edited' });
    expect(refusal([parts[0], other, parts[2]])).toContain(
      `code is "made-up" in ${join(parts[0], 'results.jsonl')} and "edited" in ${join(other, 'results.jsonl')}`,
    );
  });

  it.each<[string, Partial<BenchRequest>, string]>([
    [
      'another model',
      {
        sources: {
          ...sourcesOf(madeUpDataset(1000)),
          models: async () => ({
            ...(await sourcesOf(madeUpDataset(1)).models('vim-nano-fmnist')!),
            sha256: '34'.repeat(32),
          }),
        },
      },
      'model.weights.sha256 is "1212',
    ],
    [
      'other data',
      { sources: sourcesOf({ ...madeUpDataset(1000), checksum: 'cd'.repeat(32) }) },
      'dataset.sha256 is "abab',
    ],
    ['another number of images', { limit: 900 }, 'sample.count is 1000'],
    [
      'another plan',
      { experiments: [experimentOf([{ ...denseRow, plan: row.plan }])] },
      'plan.schedule is []',
    ],
    ['another number of shards', { shard: { index: 2, of: 4 } }, 'the number of shards is 3'],
    [
      'another runtime',
      { backend: { ...opened(madeUpBackend()), runtime: 'none 2' } },
      'runtime is "none 1"',
    ],
    ['other rows', { experiments: [experimentOf([{ ...denseRow, label: 'renamed' }])] }, 'rows is '],
  ])('refuses %s, naming both values and both files', async (_, change, message) => {
    const other = await run(2, change);
    const said = refusal([parts[0], other, parts[2]]);
    expect(said).toContain(message);
    expect(said).toContain(` in ${join(parts[0], 'results.jsonl')} and `);
    expect(said).toContain(` in ${join(other, 'results.jsonl')}; they cannot be merged`);
  });

  it('refuses predictions that were changed, and a shard whose run goes on still', () => {
    const changed = copyOf(parts[1]);
    const [name] = readdirSync(join(changed, 'predictions'));
    const file = join(changed, 'predictions', name);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/\n(\d+),(\d)/, '\n$1,9'));
    expect(refusal([parts[0], changed, parts[2]])).toContain('is not the file that was recorded');

    const torn = copyOf(parts[1]);
    appendFileSync(join(torn, 'results.jsonl'), '{"schema":1');
    expect(refusal([parts[0], torn, parts[2]])).toContain('ends in a line cut short');
  });

  it('refuses a part that passes for another one', () => {
    const forged = edit(parts[0], (text) => text.replaceAll('"shard":{"index":1,', '"shard":{"index":2,'));
    expect(refusal([parts[0], forged, parts[2]])).toMatch(/predictions file was changed|the shard has/);
  });

  it('writes into a new folder only', () => {
    expect(() => mergeResults(parts, whole)).toThrow('is not empty');
    expect(() => mergeResults(parts, join(whole, 'results.jsonl'))).toThrow('is a file');
    expect(() => mergeResults([], newFolder())).toThrow('name the run folders');
    const empty = newFolder();
    mkdirSync(empty, { recursive: true });
    mergeResults(parts, empty);
    expect(content(empty)).toEqual(content(whole));
  });
});
