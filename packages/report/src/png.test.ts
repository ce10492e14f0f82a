import { crc32, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encodePng } from './png.ts';

/** Type and data of each chunk, after checking its checksum. */
function chunks(png: Buffer): [string, Buffer][] {
  const found: [string, Buffer][] = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    expect(png.readUInt32BE(at + 8 + length)).toBe(crc32(png.subarray(at + 4, at + 8 + length)));
    found.push([png.toString('ascii', at + 4, at + 8), png.subarray(at + 8, at + 8 + length)]);
    at += length + 12;
  }
  return found;
}

describe('encodePng', () => {
  it.each([
    [1, 0],
    [3, 2],
  ] as const)('keeps every sample of %i channels', (channels, colourType) => {
    const pixels = Uint8Array.from({ length: 2 * 3 * channels }, (_, index) => 250 - 7 * index);
    const png = encodePng(pixels, 3, 2, channels);
    expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
    const [[, header], [, data], [end]] = chunks(png);
    expect([...header]).toEqual([0, 0, 0, 3, 0, 0, 0, 2, 8, colourType, 0, 0, 0]);
    expect(end).toBe('IEND');
    const stride = 3 * channels;
    const rows = inflateSync(data);
    expect(rows).toHaveLength(2 * (stride + 1));
    for (const row of [0, 1]) {
      expect(rows[row * (stride + 1)]).toBe(0);
      const samples = rows.subarray(row * (stride + 1) + 1, (row + 1) * (stride + 1));
      expect([...samples]).toEqual([...pixels.subarray(row * stride, (row + 1) * stride)]);
    }
  });
});
