import { keySchema } from '@vssm/results';
import { describe, expect, it } from 'vitest';
import { canonicalJson, keyOf } from './keys.ts';

describe('canonicalJson', () => {
  it('does not depend on the order of fields, but on the order of elements', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: 0.5 })).toBe(
      '{"a":0.5,"b":[1,{"c":"x","d":null}]}',
    );
    expect(canonicalJson({ a: 0.5, b: [1, { c: 'x', d: null }] })).toBe(
      canonicalJson({ b: [1, { d: null, c: 'x' }], a: 0.5 }),
    );
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  });

  it('refuses what JSON would drop or blur', () => {
    expect(() => canonicalJson({ a: undefined })).toThrow('undefined has no canonical form');
    expect(() => canonicalJson([Number.NaN])).toThrow('NaN has no canonical form');
  });
});

describe('keyOf', () => {
  it('is a key that the results take, however long or odd its parts are', () => {
    for (const parts of [['table1', 'Vim-S 5,10@0.8;15@0.7'], ['x'.repeat(300)], ['../..', '@', 'Ü']]) {
      expect(keySchema.safeParse(keyOf(parts, 1)).success).toBe(true);
    }
  });

  it('tells apart parts that read alike, and contents', () => {
    const keys = [keyOf(['a@b'], 1), keyOf(['a-b'], 1), keyOf(['a', 'b'], 1), keyOf(['a@b'], 2)];
    expect(new Set(keys).size).toBe(4);
  });
});
