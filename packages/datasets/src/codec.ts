/**
 * Bytes → 8-bit RGB exactly as Pillow's `Image.open(...).convert('RGB')` or as OpenCV's `imread`, and 8-bit RGB →
 * PNG. The only module that touches sharp (libjpeg-turbo, libpng, libwebp); files reach it only after their first bytes named one of
 * three formats, so that none of its other readers is ever handed a stranger's file.
 *
 * What Pillow does, and so this does: EXIF orientation, colour profiles and gamma are ignored; alpha is dropped,
 * not blended; CMYK JPEGs are read from the raw channels, inverted (Adobe's convention, with or without Adobe's
 * marker), and turned to RGB without a profile; of 16 bits a channel the high byte is kept, except in grey PNGs
 * without alpha, where values above 255 become 255; a JPEG may have damaged data but must not end early, nor hold a
 * marker where there is none.
 * OpenCV differs in three: the picture is turned as its EXIF orientation says, CMYK has a formula of its own, and
 * the high byte of 16 bits is kept in every PNG. (It also shows what is left of pictures that end early; here they are
 * refused for both.)
 */
import { UserError } from '@vssm/core';
import sharp, { type SharpOptions } from 'sharp';
import { damageOf, type PictureFormat } from './damage.ts';
import type { Decoder } from './decoder.ts';
import { fromGrey, type RgbImage } from './image.ts';
import { jpegDamage } from './jpeg-markers.ts';
import { pngSignature } from './png-chunks.ts';

/** Pillow refuses pictures above this many pixels (twice its warning threshold of 1 GiB / 4 / 3). */
export const maxPixels = 2 * Math.floor(1024 ** 3 / 4 / 3);

/** Every image is decoded once: a cache of decoder results would only hold memory. */
sharp.cache(false);

/**
 * Decodes a JPEG, PNG or WebP picture; the first frame if there are several.
 *
 * @param name the file's path, for messages
 * @param like default: pillow
 * @throws UserError naming the file: another format, truncated or corrupt data, too many pixels
 */
export async function decodeImage(
  bytes: Uint8Array,
  name: string,
  like: Decoder = 'pillow',
): Promise<RgbImage> {
  const format = sniff(bytes);
  if (format === undefined) {
    throw new UserError(`image ${name}: not a JPEG, PNG or WebP file; convert it to one of these`);
  }
  // The decoder checks all of a PNG or WebP file, but of a JPEG only what its rows need.
  const damage = format === 'jpeg' ? jpegDamage(bytes) : undefined;
  if (damage?.kind === 'stray') throw undecodable(name, damage.what);
  try {
    return await decode(bytes, format, name, like);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw undecodable(name, damageOf(bytes, format));
  }
}

/**
 * Height and width that OpenCV would give a picture, from its header alone.
 *
 * @throws UserError naming the file when it is no JPEG, PNG or WebP file
 */
export async function pictureSize(
  bytes: Uint8Array,
  name: string,
): Promise<{ height: number; width: number }> {
  const format = sniff(bytes);
  if (format === undefined) {
    throw new UserError(`image ${name}: not a JPEG, PNG or WebP file; convert it to one of these`);
  }
  try {
    const { height, width } = (await sharp(bytes, { limitInputPixels: false }).metadata()).autoOrient;
    return { height, width };
  } catch {
    throw undecodable(name, damageOf(bytes, format));
  }
}

/** A PNG file that decodes to exactly these pixels. */
export async function encodePng(image: RgbImage): Promise<Uint8Array> {
  const { width, height, data } = image;
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/**
 * A PNG file of one grey number per pixel, as label maps have it; `decodeLabelMap` gives the numbers back.
 *
 * @param labels [height, width]
 */
export async function encodeLabelMap(
  labels: Uint8Array,
  { height, width }: { readonly height: number; readonly width: number },
): Promise<Uint8Array> {
  return sharp(labels, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}

function undecodable(name: string, reason: string): UserError {
  return new UserError(`image ${name}: cannot be decoded (${reason}); fetch the file again`);
}

function sniff(bytes: Uint8Array): PictureFormat | undefined {
  const startsWith = (at: number, ...values: number[]) =>
    values.every((value, index) => bytes[at + index] === value);
  if (startsWith(0, 0xff, 0xd8, 0xff)) return 'jpeg';
  if (startsWith(0, ...pngSignature)) return 'png';
  if (startsWith(0, 0x52, 0x49, 0x46, 0x46) && startsWith(8, 0x57, 0x45, 0x42, 0x50)) return 'webp';
  return undefined;
}

async function decode(
  bytes: Uint8Array,
  format: PictureFormat,
  name: string,
  like: Decoder,
): Promise<RgbImage> {
  const options: SharpOptions = {
    // Like Pillow: damaged JPEG data is a warning, damaged PNG and WebP data is an error.
    failOn: format === 'jpeg' ? 'truncated' : 'error',
    limitInputPixels: false,
    ignoreIcc: true,
  };
  const { width, height, space, depth } = await sharp(bytes, options).metadata();
  if (width * height > maxPixels) {
    throw new UserError(`image ${name}: ${width}x${height} is more than ${maxPixels} pixels; scale it down`);
  }
  const stored = sharp(bytes, options);
  const picture = like === 'opencv' ? stored.autoOrient() : stored;
  if (space === 'cmyk') {
    const { data, info } = await picture
      .pipelineColourspace('cmyk')
      .toColourspace('cmyk')
      .raw()
      .toBuffer({ resolveWithObject: true });
    return fromInvertedCmyk(info.width, info.height, data, like === 'opencv' ? opencvInk : pillowInk);
  }
  if (depth === 'ushort') {
    const wide = space === 'grey16' ? 'grey16' : 'rgb16';
    const { data, info } = await picture
      .pipelineColourspace(wide)
      .toColourspace(wide)
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true });
    const values = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
    const clipped = like === 'pillow' && isPlainGreyPng(bytes);
    return fromSixteenBit(info.width, info.height, values, info.channels, clipped);
  }
  const { data, info } = await picture.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  return fromEightBit(info.width, info.height, data, info.channels);
}

/** Drops alpha and spreads grey; `data` has 1 (grey) to 4 (RGBA) channels. */
function fromEightBit(width: number, height: number, data: Uint8Array, channels: number): RgbImage {
  if (channels === 3)
    return { width, height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  return pick(width, height, channels, (at) => data[at]);
}

/** Colour type 0 in the header chunk, which is always the first: grey, no alpha channel. */
function isPlainGreyPng(bytes: Uint8Array): boolean {
  return bytes[25] === 0;
}

/** Clipped to 255, or the high byte. */
function fromSixteenBit(
  width: number,
  height: number,
  values: Uint16Array,
  channels: number,
  clipped: boolean,
): RgbImage {
  if (clipped) return pick(width, height, channels, (at) => Math.min(values[at], 255));
  return pick(width, height, channels, (at) => values[at] >> 8);
}

function pick(width: number, height: number, channels: number, value: (at: number) => number): RgbImage {
  const count = width * height;
  if (channels < 3) {
    const grey = new Uint8Array(count);
    for (let pixel = 0; pixel < count; pixel++) grey[pixel] = value(pixel * channels);
    return fromGrey(width, height, grey);
  }
  const rgb = new Uint8Array(count * 3);
  for (let pixel = 0; pixel < count; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      rgb[pixel * 3 + channel] = value(pixel * channels + channel);
    }
  }
  return { width, height, data: rgb };
}

/** What is left of the light after an ink and the black, each 0 (none) … 255. */
type Ink = (ink: number, black: number) => number;

/** (255 - k) - round(c (255 - k) / 255); the division is the usual 8-bit one by shifts. */
const pillowInk: Ink = (ink, black) => {
  const light = 255 - black;
  const product = ink * light + 128;
  return light - ((product + (product >> 8)) >> 8);
};

/** (255 - k) - floor(c (255 - k) / 256) (opencv, modules/imgcodecs/src/utils.cpp). */
const opencvInk: Ink = (ink, black) => {
  const light = 255 - black;
  return light - ((ink * light) >> 8);
};

function fromInvertedCmyk(width: number, height: number, cmyk: Uint8Array, left: Ink): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < cmyk.length; from += 4) {
    for (let channel = 0; channel < 3; channel++) data[to++] = left(cmyk[from + channel], cmyk[from + 3]);
  }
  return { width, height, data };
}
