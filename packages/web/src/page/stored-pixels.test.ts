/** Files without their EXIF data decode as Pillow decodes them with it, even by a reader that turns pictures upright. */
import { readFileSync } from 'node:fs';
import { decodeImage } from '@vssm/datasets';
import { describe, expect, it } from 'vitest';
import { withoutExif } from './stored-pixels.ts';

const stored = (file: string) =>
  Uint8Array.from(readFileSync(new URL(`../../../datasets/testdata/${file}`, import.meta.url)));

/** Six by four pixels, lossless, to be turned by 90 degrees (EXIF orientation 6); made with sharp 0.35. */
const webp = Uint8Array.from(
  Buffer.from(
    [
      'UklGRgABAABXRUJQVlA4WAoAAAAIAAAABQAAAwAAVlA4TCAAAAAvBcAAALmM6H/sIqL/AYVsI0AHdv5iP8KgjFZMAERKDkVY',
      'SUa6AAAARXhpZgAASUkqAAgAAAAGABIBAwABAAAABgAAABoBBQABAAAAVgAAABsBBQABAAAAXgAAACgBAwABAAAAAgAAABMC',
      'AwABAAAAAQAAAGmHBAABAAAAZgAAAAAAAAA4YwAA6AMAADhjAADoAwAABgAAkAcABAAAADAyMTABkQcABAAAAAECAwAAoAcA',
      'BAAAADAxMDABoAMAAQAAAP//AAACoAQAAQAAAAYAAAADoAQAAQAAAAQAAAAAAAAA',
    ].join(''),
    'base64',
  ),
);

const files = {
  'coffee_exif_prog.jpg': stored('preprocess/coffee_exif_prog.jpg'),
  'exif_6.png': stored('opencv/exif_6.png'),
  'exif_6.webp': webp,
};

describe('withoutExif', () => {
  it.each(Object.entries(files))('keeps the pixels of %s as they are stored', async (name, file) => {
    const rest = new Uint8Array(Buffer.concat(withoutExif(file)));
    expect(await decodeImage(file, name, 'opencv')).not.toEqual(await decodeImage(file, name, 'pillow'));
    expect(await decodeImage(rest, name, 'opencv')).toEqual(await decodeImage(file, name, 'pillow'));
  });

  it.each(Object.entries(files))('ends with any beginning of %s, and with noise', (_, file) => {
    for (let length = 0; length < Math.min(file.length, 700); length++) {
      const begun = file.slice(0, length);
      expect(Buffer.concat(withoutExif(begun)).length).toBeLessThanOrEqual(length);
      // Lengths of chunks and segments that point anywhere.
      for (let at = 12; at < length; at++) begun[at] = (at * 167) % 256;
      expect(Buffer.concat(withoutExif(begun)).length).toBeLessThanOrEqual(length);
    }
  });

  it('leaves other files alone', () => {
    const text = new TextEncoder().encode('no picture');
    expect(withoutExif(text)).toEqual([text]);
  });
});
