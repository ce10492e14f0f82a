import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRightAnswers, rightAnswersFile, rightAnswersLine } from './right-answers.ts';

const sha256 = 'ab'.repeat(32);
const folderWith = (text: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'right-'));
  writeFileSync(join(folder, rightAnswersFile), text);
  return folder;
};
const lines = (rights: readonly boolean[]) =>
  rights.map((right, index) => ({ index, label: 3, top: [right ? 3 : 1, 2] }));

describe('right answers', () => {
  it('are read as they were written', () => {
    const rights = [true, false, false, true, true, true, false, true, false, true];
    const line = rightAnswersLine(sha256, lines(rights));
    // 1 0 0 1 1 1 0 1, the lowest bit first, is 185; then 0 1 is 2.
    expect(Buffer.from(JSON.parse(line).right, 'base64')).toEqual(Buffer.from([185, 2]));
    expect(readRightAnswers(folderWith(`${line}\n`))).toEqual(new Map([[sha256, rights]]));
  });

  it('are none where there is no file', () => {
    expect(readRightAnswers(mkdtempSync(join(tmpdir(), 'right-')))).toEqual(new Map());
  });

  it('are of every image, in order', () => {
    expect(() => rightAnswersLine(sha256, lines([true, true]).slice(1))).toThrow('no answer to image 0');
    const failed = { index: 0, label: 1, id: 'x', error: 'unreadable' };
    expect(() => rightAnswersLine(sha256, [failed])).toThrow('no answer to image 0');
  });

  it.each([
    ['no JSON', '{'],
    ['too few bits', JSON.stringify({ predictions: sha256, images: 9, right: 'AA==' })],
    ['no hash', JSON.stringify({ predictions: 'x', images: 8, right: 'AA==' })],
  ])('refuse %s', (_, line) => {
    const good = rightAnswersLine(sha256, lines([true]));
    expect(() => readRightAnswers(folderWith(`${good}\n${line}\n`))).toThrow('right.jsonl line 2');
  });
});
