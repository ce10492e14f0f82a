import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { UserError } from '@vssm/core';
import { create, Header } from 'tar';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../test-support/test-data.ts';
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

/** One pax attribute: its length, which counts its own digits, then `path=…`. */
function paxPath(path: string): string {
  const body = ` path=${path}\n`;
  const length = body.length + String(body.length + 3).length;
  return `${length}${body}`;
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

  it.each([
    ['in GNU\u2019s way', (path: string) => entry('././@LongLink', 'NextFileHasLongPath', `${path}\0`)],
    ['from pax attributes', (path: string) => entry('PaxHeader', 'ExtendedHeader', paxPath(path))],
  ])('reads a name whose hundredth byte is a slash, %s', async (_, attributes) => {
    const path = `${'x'.repeat(99)}/ILSVRC2012_val_00000001.JPEG`;
    const cut = entry('y'.repeat(100), 'File', 'pixels');
    cut.write(path.slice(0, 100), 0, 'latin1');
    const sum = cut
      .subarray(0, 512)
      .reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
    cut.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    const archive = await opened(written(attributes(path), cut, entry('next.jpg', 'File', 'two'), end));
    expect(archive.images.map((image) => [image.path, image.size])).toEqual([
      [path, 6],
      ['next.jpg', 3],
    ]);
    expect(Buffer.from(await archive.read(archive.images[0])).toString()).toBe('pixels');
  });

  it('keeps a long name over a long link and global attributes in between', async () => {
    const path = written(
      entry('././@LongLink', 'NextFileHasLongPath', `${long}\0`),
      entry('././@LongLink', 'NextFileHasLongLinkpath', 'elsewhere\0'),
      entry('global', 'GlobalExtendedHeader', '13 comment=a\n'),
      entry('cut', 'File', 'one'),
      end,
    );
    expect((await opened(path)).images.map((image) => image.path)).toEqual([long]);
  });

  it('tells names apart that are not UTF-8', async () => {
    const named = (byte: number) => {
      const block = entry('cafX.JPEG', 'File', 'x');
      block[3] = byte;
      const sum = block
        .subarray(0, 512)
        .reduce((total, one, at) => total + (at >= 148 && at < 156 ? 32 : one), 0);
      block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
      return block;
    };
    const { images } = await opened(written(named(0xe8), named(0xe9), end));
    expect(images.map(({ path }) => path)).toEqual(['caf\\xe8.JPEG', 'caf\\xe9.JPEG']);
  });

  it.each([
    ['gzip', gzipSync(entry('a.jpg', 'File', 'x')), /is compressed with gzip.*unpack it once, gzip -dc '/],
    ['bzip2', Buffer.concat([Buffer.from('BZh91AY&SY'), Buffer.alloc(600, 7)]), 'is compressed with bzip2'],
    [
      'xz',
      Buffer.concat([Buffer.from('\xfd7zXZ\0', 'latin1'), Buffer.alloc(600, 7)]),
      'is compressed with xz',
    ],
    ['zip', Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(600, 7)]), 'is a zip archive'],
  ])('says what %s is', async (_, bytes, message) => {
    await expect(openArchive(written(bytes))).rejects.toThrow(message);
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
