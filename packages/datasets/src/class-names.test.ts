import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readClassNames } from './class-names.ts';

const folder = mkdtempSync(join(tmpdir(), 'vssm-names-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(content: string | Buffer): readonly string[] {
  const path = join(folder, 'names.txt');
  writeFileSync(path, content);
  return readClassNames(path);
}

it.each([
  ['one a line', 'cat\ndog\n', ['cat', 'dog']],
  ['written on Windows', '\uFEFFcat\r\ndog\r\n\r\n', ['cat', 'dog']],
  ['by PowerShell', Buffer.from('\uFEFFcat\r\ndog\r\n', 'utf16le'), ['cat', 'dog']],
  [
    'after WordNet ids',
    'n01440764 tench, Tinca tinca\nn01443537 goldfish\n',
    ['tench, Tinca tinca', 'goldfish'],
  ],
  ['ids alone', 'n01440764\nn01443537\n', ['n01440764', 'n01443537']],
])('reads names %s', (_, content, names) => {
  expect(read(content)).toEqual(names.map((name) => name.replace('\uFEFF', '')));
});

it('refuses what is no list of names', () => {
  expect(() => read('\n\n')).toThrow('names.txt: holds no names; write one a line');
  expect(() => read(`cat\n${'x'.repeat(201)}`)).toThrow('names.txt: its name 2 has 201 characters');
  expect(() => readClassNames(join(folder, 'missing.txt'))).toThrow('ENOENT');
  expect(() => readClassNames(folder)).toThrow(`${folder}: is no file; a text file is needed`);
});
