import { randomBytes } from 'node:crypto';
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from './test-support/test-data.ts';
import { type ZipForm, zipOf } from './test-support/zip.ts';
import { openZip, type Zip } from './zip.ts';

const files = { 'val2017/a.jpg': 'first', 'val2017/b.jpg': 'x'.repeat(5000), 'readme.txt': '' };

function written(form: Partial<ZipForm> = {}): string {
  return join(temporaryFolder({ 'a.zip': zipOf(files, form) }), 'a.zip');
}

async function opened(path: string): Promise<Zip> {
  const zip = await openZip(path);
  onTestFinished(() => zip.close());
  return zip;
}

describe('openZip', () => {
  it.each([true, false])('reads any file in place, deflated: %s', async (deflated) => {
    const { entries } = await opened(written({ deflated }));
    expect([...entries.keys()]).toEqual(Object.keys(files));
    for (const [path, content] of Object.entries(files).reverse()) {
      const entry = entries.get(path)!;
      expect(entry.size).toBe(content.length);
      expect(Buffer.from(await entry.read()).toString()).toBe(content);
    }
    const stream = await entries.get('val2017/b.jpg')!.stream();
    expect(await stream.toArray().then((parts) => Buffer.concat(parts).toString())).toBe(
      files['val2017/b.jpg'],
    );
  });

  it('names a file whose contents are not what was packed', async () => {
    const path = written({ checksum: 1 });
    const { entries } = await opened(path);
    await expect(entries.get('val2017/a.jpg')!.read()).rejects.toThrow(
      `archive ${path}: val2017/a.jpg is damaged (wrong checksum)`,
    );
  });

  it('reads sizes of 64 bits, and believes none that the packed bytes cannot hold', async () => {
    const sound = await opened(written({ deflated: true, zip64: true }));
    expect(Buffer.from(await sound.entries.get('val2017/a.jpg')!.read()).toString()).toBe('first');
    const path = written({ deflated: true, zip64: true, size: 2 ** 50 });
    const { entries } = await opened(path);
    await expect(entries.get('val2017/b.jpg')!.read()).rejects.toThrow(
      new RegExp(`archive ${path}: val2017/b.jpg is damaged \\(\\d+ bytes cannot become ${2 ** 50}\\)`),
    );
  });

  it('refuses to hold a file larger than an image may be', async () => {
    const archive = zipOf({ 'a.png': randomBytes(300_000) }, { deflated: true, size: 257 * 1024 ** 2 });
    const { entries } = await opened(join(temporaryFolder({ 'a.zip': archive }), 'a.zip'));
    await expect(entries.get('a.png')!.read()).rejects.toThrow('is more than 268435456; make it smaller');
  });

  it('refuses an encrypted file', async () => {
    const { entries } = await opened(written({ flags: 1, deflated: true }));
    await expect(entries.get('val2017/a.jpg')!.read()).rejects.toThrow('a.jpg is encrypted');
  });

  it('refuses an archive cut short, and what is none', async () => {
    const path = written();
    truncateSync(path, 3000);
    await expect(openZip(path)).rejects.toThrow(UserError);
    await expect(openZip(path)).rejects.toThrow(`archive ${path}: cannot be read`);
    writeFileSync(path, 'not a zip file');
    await expect(openZip(path)).rejects.toThrow(`archive ${path}: cannot be read`);
    rmSync(path);
    await expect(openZip(path)).rejects.toThrow(`archive ${path}: does not exist`);
  });

  it('refuses a file that is named twice', async () => {
    const bytes = zipOf({ 'a.jpg': 'first', 'b.jpg': 'second' })
      .toString('latin1')
      .replaceAll('b.jpg', 'a.jpg');
    const path = join(temporaryFolder({ 'a.zip': Buffer.from(bytes, 'latin1') }), 'a.zip');
    await expect(openZip(path)).rejects.toThrow(`archive ${path}: names a.jpg twice`);
  });

  it('refuses names that lead out of the archive', async () => {
    const path = join(temporaryFolder({ 'a.zip': zipOf({ '../evil.jpg': 'x' }) }), 'a.zip');
    await expect(openZip(path)).rejects.toThrow(UserError);
  });
});
