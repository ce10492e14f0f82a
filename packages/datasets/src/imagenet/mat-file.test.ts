import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { testdata } from '../test-support/test-data.ts';
import { readMatStruct } from './mat-file.ts';

const meta = readFileSync(testdata('meta.mat'));

/** A MAT-file whose only element is this one, compressed. */
function fileOf(type: number, length: number, data: Uint8Array): Uint8Array {
  const tag = new Uint8Array(new Uint32Array([type, length]).buffer);
  const compressed = deflateSync(Buffer.concat([tag, data]));
  const outer = new Uint8Array(new Uint32Array([15, compressed.length]).buffer);
  return Buffer.concat([meta.subarray(0, 128), outer, compressed]);
}

describe('readMatStruct', () => {
  it('reads numbers and strings of every record', () => {
    const records = readMatStruct(meta, 'synsets', 'meta.mat');
    expect(records).toHaveLength(1003);
    expect(records[0]).toEqual({
      ILSVRC2012_ID: 1,
      WNID: 'n10016983',
      words: 'word 0, größe',
      gloss: '',
      num_children: 0,
      children: undefined,
      wordnet_height: 3,
      num_train_images: 1300,
    });
    expect(records[1002]).toMatchObject({ ILSVRC2012_ID: 1003, WNID: 'n00001002', num_children: 3 });
  });

  it('says when the variable is not there', () => {
    expect(() => readMatStruct(meta, 'classes', 'm.mat')).toThrow('m.mat: holds no struct array "classes"');
    expect(() => readMatStruct(meta, 'other', 'm.mat')).toThrow('m.mat: holds no struct array "other"');
  });

  it.each([
    ['an empty file', new Uint8Array(0)],
    ['text', Buffer.from('x'.repeat(500))],
    ['a file cut short', meta.subarray(0, meta.length - 100)],
    ['a matrix longer than its container', fileOf(14, 1_000_000, new Uint8Array(16))],
    ['a matrix of nothing', fileOf(14, 16, new Uint8Array(16))],
  ])('refuses %s', (_, bytes) => {
    expect(() => readMatStruct(bytes, 'synsets', 'm.mat')).toThrow(UserError);
  });

  it('never fails otherwise on damaged contents', () => {
    for (let at = 128; at < 1128; at += 7) {
      const damaged = Uint8Array.from(meta);
      damaged[at] ^= 0x5a;
      try {
        readMatStruct(damaged, 'synsets', 'm.mat');
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }
  });
});
