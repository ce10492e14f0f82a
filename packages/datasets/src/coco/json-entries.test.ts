import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../test-support/test-data.ts';
import { type JsonEntry, jsonEntries, jsonFile } from './json-entries.ts';

/** @param piece bytes that arrive at once */
async function read(content: string, lists?: readonly string[], piece = 1e6): Promise<JsonEntry[]> {
  async function* open() {
    const bytes = Buffer.from(content);
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  }
  return readFrom(open, 'x.json', lists);
}

async function readFrom(open: () => AsyncIterable<Uint8Array>, path: string, lists?: readonly string[]) {
  const found: JsonEntry[] = [];
  for await (const entries of jsonEntries({ path, open }, lists)) found.push(...entries);
  return found;
}

describe('jsonEntries', () => {
  it.each([1, 7, 1e6])(
    'gives the entries of the lists asked for and skips the rest, in pieces of %d',
    async (piece) => {
      const content =
        '{"info":{"a":[1,{"images":[9]}]},"images":[{"id":1},2],"other":[[3]],"annotations":["€"]}';
      expect(await read(content, ['images', 'annotations'], piece)).toEqual([
        { list: 'images', index: 0, value: { id: 1 } },
        { list: 'images', index: 1, value: 2 },
        { list: 'annotations', index: 0, value: '€' },
      ]);
    },
  );

  it('gives the entries of a file that is a list', async () => {
    expect(await read('[{"a":[1,2]}, null]')).toEqual([
      { list: '', index: 0, value: { a: [1, 2] } },
      { list: '', index: 1, value: null },
    ]);
    expect(await read('[]')).toEqual([]);
  });

  it('reads a file', async () => {
    const path = join(temporaryFolder({ 'x.json': '[1]' }), 'x.json');
    expect(await readFrom(jsonFile(path).open as () => AsyncIterable<Uint8Array>, path)).toHaveLength(1);
  });

  it.each([
    ['[{"id":1},{"id":2},{"i', 'ends in the middle, after 2 entries; fetch'],
    ['[{"id":1},{"id":2}', 'ends in the middle, after 2 entries; fetch'],
    ['', 'is empty'],
    ['{"a":1}', 'the file is not a list'],
    ['[1] x', 'is not JSON, after 1 entries'],
    ['hello', 'is not JSON; '],
    [
      '[{"image_id":4,"bbox":[1,2]}, {"image_id": 139, "bbox":[1, NaN]}, {"image_id":5}]',
      'holds NaN, which is not a number in JSON, after 1 entries (image_id 139)',
    ],
    ['[{"bbox":[-Infinity], "image_id": 139}]', 'holds Infinity, which is not a number'],
  ])('refuses %s', async (content, message) => {
    await expect(read(content)).rejects.toThrow(UserError);
    await expect(read(content)).rejects.toThrow(message);
    await expect(read(content)).rejects.toThrow(/^x\.json: /);
  });

  it.each([
    ['{"images":{"a":1}}', '"images" is not a list'],
    ['{"images":[1', 'ends in the middle, after 1 entries of "images"'],
  ])('refuses %s where lists are wanted', async (content, message) => {
    await expect(read(content, ['images'])).rejects.toThrow(message);
  });

  it.each([
    ['text', '["', 'a'],
    ['nesting', '', '['],
    ['names', '[', '{"a":'],
    ['digits', '[', '1'],
    ['space', '', ' '],
  ])('stops reading when there is no end of %s', async (_, start, more) => {
    let sent = 0;
    async function* open() {
      yield Buffer.from(start);
      const piece = Buffer.from(more.repeat(20_000));
      for (; sent < 1e8; sent += piece.length) yield piece;
    }
    await expect(readFrom(open, 'x.json')).rejects.toThrow('without one complete entry');
    expect(sent).toBeLessThan(5e6);
  });

  it('names a file that is not there', async () => {
    await expect(jsonEntries(jsonFile('/nowhere/x.json'), undefined).next()).rejects.toThrow(
      '/nowhere/x.json: does not exist',
    );
  });
});
