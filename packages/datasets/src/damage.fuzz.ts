/** Fuzz target: the structure of JPEG, PNG and WebP files, walked to say why one cannot be decoded. */
import { readFileSync } from 'node:fs';
import { UserError } from '@vssm/core';
import { damageOf, type PictureFormat, pictureFormats, structureDamage } from './damage.ts';

const file = (name: string) => readFileSync(new URL(`../testdata/${name}`, import.meta.url));

export const seeds = {
  jpeg: file('pillow/subsampling_2.jpg'),
  cmyk: file('pillow/ycck.jpg'),
  png: file('pillow/palette_16.png'),
  webp: file('pillow/lossy.webp'),
};

export const words = [
  '\xff\xda',
  '\xff\xd9',
  '\xff\xc4',
  '\xff\xdb',
  '\xff\xe1\xff\xff',
  '\xff\xff',
  'IDAT',
  'IEND',
  'RIFF',
];

/** Whatever the bytes are, a reason is one line of printed text; a file whose structure has one is refused for it. */
export async function read({ bytes }: { bytes: Buffer }): Promise<void> {
  for (const format of pictureFormats) {
    const reason = damageOf(bytes, format);
    if (!/^[\x20-\x7e]{1,80}$/.test(reason)) throw new RangeError(`reason ${JSON.stringify(reason)}`);
  }
  const format = pictureFormats.find((name) => bytes.toString('latin1', 0, 4).startsWith(signatures[name]));
  if (format === undefined) throw new UserError('it begins like no picture');
  const reason = structureDamage(bytes, format);
  if (reason !== undefined) throw new UserError(reason);
}

const signatures: Readonly<Record<PictureFormat, string>> = {
  jpeg: '\xff\xd8',
  png: '\x89PNG',
  webp: 'RIFF',
};
