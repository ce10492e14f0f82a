import { deflateSync } from 'node:zlib';
import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { decodeLabelMap } from './label-map.ts';
import { labelPng, pngChunk } from './test-support/label-png.ts';

const height = 5;
const width = 7;
const labels = Array.from({ length: height * width }, (_, at) => (at * at) % 200);

describe('decodeLabelMap', () => {
  it.each([0, 1, 2, 3, 4])('undoes row filter %d', (filter) => {
    const map = decodeLabelMap(labelPng(labels, height, width, { filter }), 'x.png');
    expect(map).toEqual({ height, width, labels: Uint8Array.from(labels) });
  });

  it.each([1, 2, 4, 8])('reads indices of %d bits into a palette', (depth) => {
    const indices = labels.map((label) => label % 2 ** depth);
    const map = decodeLabelMap(labelPng(indices, height, width, { colour: 3, depth }), 'x.png');
    expect(Array.from(map.labels)).toEqual(indices);
  });

  it.each([0, 4])('reads grey of 16 bits, filter %d', (filter) => {
    const wide = labels.map((label) => label * 300);
    const map = decodeLabelMap(labelPng(wide, height, width, { depth: 16, filter }), 'x.png');
    expect(Array.from(map.labels)).toEqual(wide);
  });

  const good = labelPng(labels, height, width);
  const header = (w: number, h: number) => {
    const content = Buffer.alloc(13);
    content.writeUInt32BE(w, 0);
    content.writeUInt32BE(h, 4);
    content[8] = 8;
    return pngChunk('IHDR', content);
  };
  const made = (...chunks: Buffer[]) =>
    Buffer.concat([good.subarray(0, 8), ...chunks, pngChunk('IEND', Buffer.alloc(0))]);
  it.each([
    ['text', Buffer.from('no picture'), 'not a PNG file'],
    ['colours', labelPng(labels, height, width, { colour: 2 }), 'has colours or alpha'],
    ['grey of 4 bits', labelPng([1], 1, 1, { depth: 4 }), 'grey of 4 bits'],
    ['an interlaced map', labelPng(labels, height, width, { interlaced: true }), 'is interlaced'],
    ['a map cut short', good.subarray(0, good.length - 20), 'ends early'],
    [
      'a flipped bit',
      Buffer.concat([good.subarray(0, 50), Buffer.from([good[50] ^ 1]), good.subarray(51)]),
      'checksum',
    ],
    ['no header', made(), 'has no header'],
    ['absurd sizes', made(header(2 ** 31, 2 ** 31)), '2147483648x2147483648 is not 1 to'],
    [
      'too few rows',
      made(header(7, 6), pngChunk('IDAT', deflateSync(Buffer.alloc(8 * 5)))),
      '40 of 48 bytes',
    ],
    ['a bomb', made(header(7, 5), pngChunk('IDAT', deflateSync(Buffer.alloc(1e7)))), 'is damaged'],
    [
      'an unknown filter',
      made(header(1, 1), pngChunk('IDAT', deflateSync(Buffer.from([9, 0])))),
      'row filter 9',
    ],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeLabelMap(bytes, 'a/b.png')).toThrow(UserError);
    expect(() => decodeLabelMap(bytes, 'a/b.png')).toThrow(/^label map a\/b\.png: /);
    expect(() => decodeLabelMap(bytes, 'a/b.png')).toThrow(message);
  });
});
