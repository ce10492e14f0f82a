import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../errors.ts';
import { checkWritable, writeWhole, writeWholeFolder } from './whole-file.ts';
import { writeError } from './write-error.ts';

const folder = mkdtempSync(join(tmpdir(), 'vssm-whole-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('writeWhole', () => {
  it('replaces a file at once, and leaves nothing else behind', () => {
    const file = join(folder, 'a.txt');
    writeWhole(file, 'old');
    writeWhole(file, (write) => {
      write('new ');
      expect(readFileSync(file, 'utf8')).toBe('old');
      write(Buffer.from('bytes'));
    });
    expect(readFileSync(file, 'utf8')).toBe('new bytes');
    expect(readdirSync(folder)).toEqual(['a.txt']);
  });

  it('leaves the old file where the content fails', () => {
    const file = join(folder, 'a.txt');
    expect(() =>
      writeWhole(file, (write) => {
        write('half');
        throw new Error('half way');
      }),
    ).toThrow('half way');
    expect(readFileSync(file, 'utf8')).toBe('new bytes');
    expect(readdirSync(folder)).toEqual(['a.txt']);
  });

  it.each([
    ['a folder that is not there', () => join(folder, 'missing', 'b.txt'), 'its folder is not there'],
    ['a file for a folder', () => join(folder, 'a.txt', 'b.txt'), 'its folder is a file'],
  ])('names the file and the fix: %s', (_, path, message) => {
    expect(() => writeWhole(path(), 'x')).toThrow(UserError);
    expect(() => checkWritable(path())).toThrow(`${path()}: ${message}`);
  });

  it('names a folder in its place', () => {
    const place = join(folder, 'taken');
    mkdirSync(place);
    expect(() => writeWhole(place, 'x')).toThrow(`${place}: is a folder`);
    rmSync(place, { recursive: true });
    expect(readdirSync(folder)).toEqual(['a.txt']);
  });

  it('a check of what can be written leaves nothing', () => {
    checkWritable(join(folder, 'c.txt'));
    expect(existsSync(join(folder, 'c.txt'))).toBe(false);
    expect(readdirSync(folder)).toEqual(['a.txt']);
  });
});

describe('writeWholeFolder', () => {
  it('lets a folder appear when all of it is there', async () => {
    const target = join(folder, 'made');
    const said = await writeWholeFolder(target, (draft) => {
      writeFileSync(join(draft, 'x'), '1');
      expect(existsSync(target)).toBe(false);
      return 'said';
    });
    expect(said).toBe('said');
    expect(readdirSync(target)).toEqual(['x']);
    await expect(
      writeWholeFolder(join(folder, 'other'), () => Promise.reject(new Error('no'))),
    ).rejects.toThrow('no');
    expect(readdirSync(folder).sort()).toEqual(['a.txt', 'made']);
  });
});

describe('writeError', () => {
  it.each([
    ['ENOSPC', 'the disk is full'],
    ['EDQUOT', 'the disk quota is used up'],
    ['EROFS', 'the disk is read-only'],
  ])('%s is named', (code, words) => {
    const error = writeError('some/file', Object.assign(new Error('x'), { code }));
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toContain(`some/file: ${words}`);
  });
});
