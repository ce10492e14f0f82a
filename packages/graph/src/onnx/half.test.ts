import { describe, expect, it } from 'vitest';
import { halfBits } from './half.ts';

/** What the bits stand for, as the standard says. */
function numberOf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  const size = exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

const finite = Array.from({ length: 0x7c00 }, (_, bits) => bits);
const convert = (numbers: readonly number[]) => [...halfBits(Float32Array.from(numbers), 'w')];

describe('half precision', () => {
  it('keeps every number that it has, of both signs', () => {
    const all = [...finite, ...finite.map((bits) => bits | 0x8000)];
    expect(convert(all.map(numberOf))).toEqual(all);
  });

  it('rounds to the nearest, and from the middle between two to the even one', () => {
    const lower = finite.slice(0, -1);
    const middle = lower.map((bits) => (numberOf(bits) + numberOf(bits + 1)) / 2);
    expect(convert(middle)).toEqual(lower.map((bits) => bits + (bits & 1)));
    // Middles have 12 bits of mantissa or less, so float32 has numbers on either side.
    expect(convert(middle.map((number) => number * (1 + 2 ** -20)))).toEqual(lower.map((bits) => bits + 1));
    expect(convert(middle.map((number) => number * (1 - 2 ** -20)))).toEqual(lower);
  });

  it('has nothing beyond its largest number', () => {
    expect(convert([65_504, 65_519])).toEqual([0x7bff, 0x7bff]);
    for (const [number, said] of [
      [65_520, '65520'],
      [-1e6, '-1000000'],
      [Number.POSITIVE_INFINITY, 'Infinity'],
      [Number.NaN, 'NaN'],
    ] as const) {
      expect(() => halfBits(Float32Array.of(1, number), 'out_proj')).toThrow(
        `out_proj: holds ${said}, and half precision ends at ±65,504; it has to be float32`,
      );
    }
  });
});
