import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { memory } from './byte-source.ts';
import { writeZip, type ZipContent } from './test-support/zip-writer.ts';
import { openZip } from './zip.ts';

const data = Buffer.from('some bytes, some bytes, some bytes');

async function read(archive: Uint8Array, name = 'a'): Promise<string> {
  const zip = await openZip(memory(archive));
  return (await zip.bytes(zip.entries.get(name)!, 1000)).toString();
}

const write = (...contents: Partial<ZipContent>[]) =>
  writeZip(contents.map((content) => ({ name: 'a', data, ...content })));

describe('openZip', () => {
  it('reads stored and deflated entries', async () => {
    const archive = write({}, { name: 'b', deflate: true });
    expect(await read(archive, 'a')).toBe(data.toString());
    expect(await read(archive, 'b')).toBe(data.toString());
    expect((await openZip(memory(archive))).contentBytes).toBe(2 * data.length);
  });

  it.each([
    ['inflates beyond its declared 8 bytes', write({ deflate: true, declaredSize: 8 })],
    ['inflates beyond its declared 0 bytes', write({ deflate: true, declaredSize: 0 })],
    ['declares 40 bytes and has 34', write({ deflate: true, declaredSize: 40 })],
    ['cannot be inflated', damage(write({ deflate: true }), 31)],
    ['does not match its checksum', damage(write({}), 40)],
    ['does not match its checksum', write({ deflate: true, declaredCrc: 1 })],
    ['names "a" twice', write({}, {})],
    ['truncated or corrupt', write({ declaredSize: 1 << 20 })],
    ['inflate to 2147483648 bytes', write({ deflate: true, declaredSize: 2 ** 31 })],
    ['more than 1000 are refused', write({ data: Buffer.alloc(1001) })],
    ['is not a complete zip archive', write({}).subarray(0, -1)],
    ['invalid local file header', damage(write({}), 0)],
    ['invalid relative path', write({}, { name: '../b' })],
  ])('refuses an archive whose entry %s', async (problem, archive) => {
    await expect(read(archive)).rejects.toThrow(problem);
    await expect(read(archive)).rejects.toThrow(UserError);
  });

  it('takes a checksum of zero for one that was not recorded', async () => {
    expect(await read(write({ declaredCrc: 0 }))).toBe(data.toString());
  });

  it('answers a directory that points far outside with an error', async () => {
    const archive = write({});
    archive.writeUInt32LE(0xfffffff0, archive.length - 6);
    await expect(read(archive)).rejects.toThrow('truncated or corrupt');
  });
});

function damage(archive: Buffer, position: number): Buffer {
  archive[position] ^= 0xff;
  return archive;
}
