/**
 * Label maps: one class number per pixel, stored as PNG. Read here and not by the picture decoder, because a map
 * with a palette means the palette's indices, which a picture decoder turns into colours. Numbers come out as
 * Pillow's `np.array(Image.open(...))` gives them: grey of 8 or 16 bits, or indices of 1, 2, 4 or 8 bits.
 */
import { inflateSync } from 'node:zlib';
import { UserError } from '@vssm/core';
import { maxPixels } from './codec.ts';
import { PngDamage, pngChunks, pngSignature } from './png-chunks.ts';

export interface LabelMap {
  readonly height: number;
  readonly width: number;
  /** [height, width], row by row. */
  readonly labels: Uint8Array | Uint16Array;
}

interface Header {
  readonly width: number;
  readonly height: number;
  /** Bits of a pixel. */
  readonly depth: number;
  readonly palette: boolean;
}

/**
 * Decodes a label map.
 *
 * @param name the file's path, for messages
 * @throws UserError naming the file: no PNG, damaged, coloured, interlaced, too large
 */
export function decodeLabelMap(bytes: Uint8Array, name: string): LabelMap {
  const { header, packed } = readChunks(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), name);
  const { width, height, depth, palette } = header;
  const rowBytes = Math.ceil((width * depth) / 8);
  const rows = inflate(packed, (rowBytes + 1) * height, name);
  const samples = unfilter(rows, rowBytes, height, depth === 16 ? 2 : 1, name);
  if (depth === 8) return { height, width, labels: samples };
  if (depth === 16 && !palette) return { height, width, labels: wide(samples) };
  return { height, width, labels: unpack(samples, width, height, depth, rowBytes) };
}

function readChunks(bytes: Buffer, name: string): { header: Header; packed: Buffer } {
  if (!bytes.subarray(0, 8).equals(pngSignature)) {
    throw new UserError(`label map ${name}: not a PNG file; convert it to one`);
  }
  let header: Header | undefined;
  const parts: Buffer[] = [];
  try {
    for (const { type, content } of pngChunks(bytes)) {
      if (type === 'IHDR') header = readHeader(content, name);
      if (type === 'IDAT') parts.push(content);
    }
  } catch (error) {
    throw error instanceof PngDamage ? damaged(name, error.message) : error;
  }
  if (header === undefined) throw damaged(name, 'it has no header');
  return { header, packed: Buffer.concat(parts) };
}

const grey = 0;
const indexed = 3;

function readHeader(content: Buffer, name: string): Header {
  if (content.length !== 13) throw damaged(name, 'its header is too short');
  const width = content.readUInt32BE(0);
  const height = content.readUInt32BE(4);
  const [depth, colour, , , interlace] = content.subarray(8);
  if (width < 1 || height < 1 || width * height > maxPixels) {
    throw new UserError(`label map ${name}: ${width}x${height} is not 1 to ${maxPixels} pixels`);
  }
  if (colour !== grey && colour !== indexed) {
    throw new UserError(
      `label map ${name}: has colours or alpha; expected one number per pixel, as grey or with a palette`,
    );
  }
  const sound = colour === grey ? depth === 8 || depth === 16 : [1, 2, 4, 8].includes(depth);
  if (!sound) {
    throw new UserError(`label map ${name}: grey of ${depth} bits; write 8 or 16 bits, or a palette`);
  }
  if (interlace !== 0) throw new UserError(`label map ${name}: is interlaced; write it without`);
  return { width, height, depth, palette: colour === indexed };
}

/** Never unpacks more than the header promises. */
function inflate(packed: Buffer, size: number, name: string): Buffer {
  let rows: Buffer;
  try {
    rows = inflateSync(packed, { maxOutputLength: size });
  } catch (error) {
    throw damaged(name, (error as Error).message);
  }
  if (rows.length !== size) throw damaged(name, `${rows.length} of ${size} bytes`);
  return rows;
}

/** Undoes the five row filters (PNG specification, section 9), each with the sample before and the row above. */
function unfilter(rows: Buffer, rowBytes: number, height: number, step: number, name: string): Uint8Array {
  const samples = new Uint8Array(rowBytes * height);
  for (let row = 0; row < height; row++) {
    const from = row * (rowBytes + 1) + 1;
    const to = row * rowBytes;
    const filter = rows[from - 1];
    if (filter > 4) throw damaged(name, `row filter ${filter}`);
    for (let at = 0; at < rowBytes; at++) {
      const left = at >= step ? samples[to + at - step] : 0;
      const above = row > 0 ? samples[to + at - rowBytes] : 0;
      const corner = row > 0 && at >= step ? samples[to + at - rowBytes - step] : 0;
      samples[to + at] = rows[from + at] + prediction(filter, left, above, corner);
    }
  }
  return samples;
}

function prediction(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const estimate = left + above - corner;
  const toLeft = Math.abs(estimate - left);
  const toAbove = Math.abs(estimate - above);
  const toCorner = Math.abs(estimate - corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}

function wide(samples: Uint8Array): Uint16Array {
  const values = new Uint16Array(samples.length / 2);
  for (let at = 0; at < values.length; at++) values[at] = samples[2 * at] * 256 + samples[2 * at + 1];
  return values;
}

/** Several pixels to a byte, the first in the highest bits; every row begins with a new byte. */
function unpack(
  samples: Uint8Array,
  width: number,
  height: number,
  depth: number,
  rowBytes: number,
): Uint8Array {
  const labels = new Uint8Array(width * height);
  const mask = 2 ** depth - 1;
  for (let row = 0, to = 0; row < height; row++) {
    for (let column = 0; column < width; column++, to++) {
      const bit = column * depth;
      labels[to] = (samples[row * rowBytes + (bit >> 3)] >> (8 - depth - (bit & 7))) & mask;
    }
  }
  return labels;
}

function damaged(name: string, what: string): UserError {
  return new UserError(`label map ${name}: is damaged (${what}); fetch or write it again`);
}
