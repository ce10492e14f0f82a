import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fileOnDisk, isFile, isFolder, listFolder } from './folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'vssm-folder-'));
afterAll(() => rmSync(folder, { recursive: true }));

it.skipIf(process.platform === 'win32')(
  'takes a link that leads nowhere or in a circle for neither file nor folder',
  async () => {
    writeFileSync(join(folder, 'a.png'), 'x');
    symlinkSync('circle', join(folder, 'circle'));
    symlinkSync('circle.png', join(folder, 'circle.png'));
    symlinkSync('missing', join(folder, 'nowhere'));
    for (const name of ['circle', 'circle.png', 'nowhere']) {
      expect([isFile(join(folder, name)), isFolder(join(folder, name))]).toEqual([false, false]);
    }
    const { folders, images } = listFolder(folder, 'folder');
    expect(folders).toEqual([]);
    expect(images.map(({ name }) => name)).toEqual(['a.png', 'circle.png']);
    // One image that cannot be read is no reason to refuse the others: it says so when it is read.
    await expect(fileOnDisk(join(folder, 'circle.png'), 'circle.png', 0).read()).rejects.toThrow('ELOOP');
  },
);
