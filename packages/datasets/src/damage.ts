/**
 * Why a picture cannot be decoded, told from its own bytes. The decoder's own words are no use for it: libvips keeps
 * them in one buffer for all threads, so with several pictures at work they may be another file's, or none at all
 * (lovell/libvips#2309), and two runs over the same files would differ.
 */
import { jpegDamage } from './jpeg-markers.ts';
import { PngDamage, pngChunks } from './png-chunks.ts';

export const pictureFormats = ['jpeg', 'png', 'webp'] as const;
export type PictureFormat = (typeof pictureFormats)[number];

/** In words that fit into brackets; the same for the same bytes, whatever else is being decoded. */
export function damageOf(bytes: Uint8Array, format: PictureFormat): string {
  return (
    structureDamage(bytes, format) ??
    `its ${format === 'png' ? 'PNG' : format === 'jpeg' ? 'JPEG' : 'WebP'} data is damaged`
  );
}

/** What is wrong with the file's structure; undefined where it is whole, whatever its data may be. */
export function structureDamage(bytes: Uint8Array, format: PictureFormat): string | undefined {
  switch (format) {
    case 'jpeg':
      return jpegDamage(bytes)?.what;
    case 'png':
      return pngDamage(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    case 'webp':
      return webpDamage(bytes);
    default:
      return format satisfies never;
  }
}

function pngDamage(bytes: Buffer): string | undefined {
  try {
    for (const _ of pngChunks(bytes));
    return undefined;
  } catch (error) {
    if (error instanceof PngDamage) return error.message;
    throw error;
  }
}

/** A RIFF file says how long it is. */
function webpDamage(bytes: Uint8Array): string | undefined {
  if (bytes.length < 12) return 'it ends early';
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true) + 8;
  return bytes.length < length ? 'it ends early' : undefined;
}
