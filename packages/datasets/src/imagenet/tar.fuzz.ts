/** Fuzz target: tar archives of images, with long names in both ways of writing them. */
import { Header } from 'tar';
import { openArchive } from './archive.ts';

function entry(path: string, type: Header['type'], content: string): Buffer {
  const block = Buffer.alloc(512);
  new Header({ path, size: content.length, mode: 0o644, type }).encode(block);
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return Buffer.concat([block, body]);
}

const long = `${'folder/'.repeat(20)}x.JPEG`;
const end = Buffer.alloc(1024);

export const seeds = {
  plain: Buffer.concat([entry('a.JPEG', 'File', 'x'.repeat(700)), entry('b/c.JPEG', 'File', 'yz'), end]),
  pax: Buffer.concat([
    entry('PaxHeader/x', 'ExtendedHeader', '20 path=folder/x.JPEG\n'.replace('20', '22')),
    entry('x', 'File', 'pixels'),
    end,
  ]),
  gnu: Buffer.concat([
    entry('././@LongLink', 'NextFileHasLongPath', `${long}\0`),
    entry('x', 'File', 'pixels'),
    end,
  ]),
};

export const words = [
  'ustar\x0000',
  'ustar  \0',
  'x',
  'L',
  'g',
  '22 path=b.JPEG\n',
  '25 size=99999999999999\n',
  '\x80\x00\x00\x00\x00\x00\x00\x00\xff',
];

/** Every whole block that looks like a header gets the checksum that its bytes have. */
export function fix(bytes: Buffer): Buffer {
  const fixed = Buffer.from(bytes);
  for (let at = 0; at + 512 <= fixed.length; at += 512) {
    if (fixed.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
    fixed.fill(0x20, at + 148, at + 156);
    let sum = 0;
    for (let place = at; place < at + 512; place++) sum += fixed[place];
    fixed.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  }
  return fixed;
}

export async function read({ path }: { path: string }): Promise<void> {
  const archive = await openArchive(path);
  try {
    for (const image of archive.images) await archive.read(image);
  } finally {
    await archive.close();
  }
}
