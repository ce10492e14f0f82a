import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { FileSet, markerFile } from './files.ts';
import { temporaryFolder } from './test-support/temporary-folder.ts';

const newFolder = () => join(temporaryFolder(), 'deep', 'report');

function fileSet(content: string): FileSet {
  const files = new FileSet();
  files.add('data/x.txt', content);
  files.add(markerFile, '{}');
  return files;
}

describe('FileSet', () => {
  it('replaces an older report and leaves nothing beside it', () => {
    const folder = newFolder();
    fileSet('first').writeTo(folder);
    writeFileSync(join(folder, 'stale.html'), '');
    fileSet('second').writeTo(folder);
    expect(readFileSync(join(folder, 'data/x.txt'), 'utf8')).toBe('second');
    expect(existsSync(join(folder, 'stale.html'))).toBe(false);
    expect(readdirSync(dirname(folder))).toEqual(['report']);
  });

  it('fills an empty folder and refuses one with other files', () => {
    const empty = newFolder();
    mkdirSync(empty, { recursive: true });
    fileSet('x').writeTo(empty);
    const full = newFolder();
    mkdirSync(full, { recursive: true });
    writeFileSync(join(full, 'thesis.tex'), 'precious');
    expect(() => fileSet('x').writeTo(full)).toThrow(UserError);
    expect(readFileSync(join(full, 'thesis.tex'), 'utf8')).toBe('precious');
  });

  it('names the folder when it cannot be written', () => {
    const file = join(temporaryFolder(), 'plain');
    writeFileSync(file, '');
    expect(() => fileSet('x').writeTo(join(file, 'report'))).toThrow(`report ${join(file, 'report')}`);
  });

  it('takes every path once', () => {
    expect(() => fileSet('x').add('data/x.txt', '')).toThrow('written twice');
  });
});
