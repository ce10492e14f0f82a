import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { create, Header } from 'tar';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../testing.ts';
import { type Archive, openArchive } from './archive.ts';

const long = `${'folder/'.repeat(20)}${'x'.repeat(120)}.JPEG`;

async function opened(path: string): Promise<Archive> {
  const archive = await openArchive(path);
  onTestFinished(() => archive.close());
  return archive;
}

/** One 512-byte header and its contents, padded. */
function entry(path: string, type: Header['type'], content: string, size = content.length): Buffer {
  const header = new Header({ path, size, mode: 0o644, type });
  const block = Buffer.alloc(512);
  header.encode(block);
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return Buffer.concat([block, body]);
}

function written(...parts: readonly Buffer[]): string {
  return join(temporaryFolder({ 'a.tar': Buffer.concat(parts) }), 'a.tar');
}

const end = Buffer.alloc(1024);

describe('openArchive', () => {
  it.each([
    ['ustar and pax', { portable: true }],
    ['plain', { noPax: true }],
  ])('reads the images of an archive in place, %s', async (_, options) => {
    const files = {
      'a.JPEG': 'first',
      'b.txt': 'no image',
      'sub/b.JPEG': 'x'.repeat(1500),
      '._a.JPEG': 'no',
    };
    const dir = temporaryFolder(files);
    await create({ cwd: dir, file: join(dir, 'a.tar'), ...options }, Object.keys(files));
    const archive = await opened(join(dir, 'a.tar'));
    expect(archive.images.map(({ path, size }) => [path, size])).toEqual([
      ['a.JPEG', 5],
      ['sub/b.JPEG', 1500],
    ]);
    const contents = await Promise.all(archive.images.map((image) => archive.read(image)));
    expect(contents.map((bytes) => Buffer.from(bytes).toString())).toEqual(['first', 'x'.repeat(1500)]);
  });

  it('reads a long name from pax attributes', async () => {
    const dir = temporaryFolder({ [long]: 'pixels' });
    await create({ cwd: dir, file: join(dir, 'a.tar') }, [long]);
    const { images } = await opened(join(dir, 'a.tar'));
    expect(images.map(({ path }) => path)).toEqual([long]);
  });

  it("reads a long name in GNU's way, for one entry only", async () => {
    const path = written(
      entry('././@LongLink', 'NextFileHasLongPath', `${long}\0`),
      entry('cut', 'File', 'one'),
      entry('next.jpg', 'File', 'two'),
      end,
    );
    const { images } = await opened(path);
    expect(images.map((image) => image.path)).toEqual([long, 'next.jpg']);
  });

  it('takes the image for a file only if it is one', async () => {
    const { images } = await opened(
      written(entry('a.jpg', 'SymbolicLink', ''), entry('b.jpg', 'File', 'b'), end),
    );
    expect(images.map(({ path }) => path)).toEqual(['b.jpg']);
  });

  it('refuses an archive that ends inside an image', async () => {
    const path = written(entry('a.JPEG', 'File', 'x'.repeat(5000)), end);
    truncateSync(path, 2000);
    await expect(openArchive(path)).rejects.toThrow(`archive ${path}: ends at byte 2000, inside a.JPEG`);
  });

  it('refuses a size beyond the archive', async () => {
    await expect(openArchive(written(entry('a.JPEG', 'File', 'x', 2 ** 40), end))).rejects.toThrow(
      'inside a.JPEG',
    );
  });

  it('refuses a name of gigabytes', async () => {
    const path = written(entry('x', 'NextFileHasLongPath', 'y'.repeat(2 * 1024 ** 2)), end);
    await expect(openArchive(path)).rejects.toThrow('a name of 2097152 bytes');
  });

  it.each([
    ['text', Buffer.from('not a tar '.repeat(100))],
    ['a broken header after an image', Buffer.concat([entry('a.jpg', 'File', 'x'), Buffer.alloc(512, 1)])],
  ])('refuses %s', async (_, bytes) => {
    await expect(openArchive(written(bytes))).rejects.toThrow(UserError);
    await expect(openArchive(written(bytes))).rejects.toThrow('no tar header at byte');
  });

  it('refuses an image that has gone since the archive was indexed', async () => {
    const path = written(entry('a.JPEG', 'File', 'x'.repeat(5000)), end);
    const archive = await opened(path);
    writeFileSync(path, 'short');
    await expect(archive.read(archive.images[0])).rejects.toThrow(`archive ${path}: ends before byte 5512`);
  });

  it('names an archive that is not there', async () => {
    await expect(openArchive('/nowhere/a.tar')).rejects.toThrow('archive /nowhere/a.tar: cannot be opened');
  });
});
