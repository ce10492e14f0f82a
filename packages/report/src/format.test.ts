import { describe, expect, it } from 'vitest';
import { duration, flops, instant, interval, listed, ms, points, signed, times, whole } from './format.ts';

describe('format', () => {
  it.each([
    [whole(12345), '12,345'],
    [points(-1.25), '−1.3'],
    [points(-0.01), '0.0'],
    [signed(2), '+2.0'],
    [signed(0.04), '0.0'],
    [signed(-0.04), '0.0'],
    [interval([1, 2.345], 2), '1.00–2.35'],
    [flops(3.6002), '3.60 G'],
    [flops(0.00942), '9.42 M'],
    [ms(0.8444), '0.84'],
    [ms(12.34), '12.3'],
    [ms(840.2), '840'],
    [times(1.4249), '1.42×'],
    [duration(42_400), '42 s'],
    [duration(200_000), '3 min 20 s'],
    [duration(3_900_000), '1 h 5 min'],
    [instant('2001-02-03T04:05:06Z'), '3 February 2001, 04:05 UTC'],
    [listed(['a', 'b', 'c']), 'a, b and c'],
  ])('%s', (written, expected) => {
    expect(written).toBe(expected);
  });
});
