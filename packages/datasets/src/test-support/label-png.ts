/** Label maps as PNG files, in every form that the reader takes and some that it does not. For tests and samples. */
import { crc32, deflateSync } from 'node:zlib';

export interface PngForm {
  /** 0: grey; 3: with a palette; 2: coloured. */
  readonly colour: number;
  /** Bits of a sample. */
  readonly depth: number;
  readonly interlaced: boolean;
  /** Of every row, 0 … 4. */
  readonly filter: number;
}

/** An 8-bit grey PNG, or what `form` says, of [height, width] numbers. */
export function labelPng(
  labels: ArrayLike<number>,
  height: number,
  width: number,
  form: Partial<PngForm> = {},
): Buffer {
  const { colour = 0, depth = 8, interlaced = false, filter = 0 } = form;
  const rowBytes = Math.ceil((width * depth) / 8);
  const samples = Buffer.alloc(rowBytes * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const label = labels[row * width + column];
      const at = row * rowBytes + ((column * depth) >> 3);
      if (depth === 16) samples.writeUInt16BE(label, at);
      else samples[at] |= label << (8 - depth - ((column * depth) & 7));
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, interlaced ? 1 : 0], 8);
  const palette = Buffer.from(Array.from({ length: 768 }, (_, at) => (at * 37) % 256));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', header),
    ...(colour === 3 ? [pngChunk('PLTE', palette.subarray(0, 3 * 2 ** Math.min(depth, 8)))] : []),
    pngChunk('IDAT', deflateSync(filtered(samples, rowBytes, height, depth === 16 ? 2 : 1, filter))),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

export function pngChunk(type: string, content: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const chunk = Buffer.alloc(named.length + 8);
  chunk.writeUInt32BE(content.length, 0);
  named.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(named), named.length + 4);
  return chunk;
}

function filtered(samples: Buffer, rowBytes: number, height: number, step: number, filter: number): Buffer {
  const rows = Buffer.alloc((rowBytes + 1) * height);
  for (let row = 0; row < height; row++) {
    rows[row * (rowBytes + 1)] = filter;
    for (let at = 0; at < rowBytes; at++) {
      const before = (up: number, back: number) =>
        row >= up && at >= back ? samples[(row - up) * rowBytes + at - back] : 0;
      const left = before(0, step);
      const above = before(1, 0);
      const predicted = [0, left, above, (left + above) >> 1, nearest(left, above, before(1, step))][filter];
      rows[row * (rowBytes + 1) + 1 + at] = samples[row * rowBytes + at] - predicted;
    }
  }
  return rows;
}

/** Paeth's: of the three neighbours the one nearest to left + above - corner, in this order. */
function nearest(left: number, above: number, corner: number): number {
  const distance = (value: number) => Math.abs(left + above - corner - value);
  return [left, above, corner].reduce((best, value) => (distance(value) < distance(best) ? value : best));
}
