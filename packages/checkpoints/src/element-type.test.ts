import { describe, expect, it } from 'vitest';
import { memory } from './byte-source.ts';
import { readFloats } from './element-type.ts';

const halves = (...bits: number[]) => memory(new Uint8Array(Uint16Array.from(bits).buffer));

describe('readFloats', () => {
  it('widens F16 exactly: normal, subnormal, zeros, infinities, NaN', async () => {
    const source = halves(0x3c00, 0xc248, 0x7bff, 0x0001, 0x83ff, 0x0400, 0x8000, 0x7c00, 0xfc00, 0x7e00);
    const values = await readFloats(source, 'F16', 0, 10);
    expect([...values]).toEqual([
      ...[1, -3.140625, 65504, 2 ** -24, -1023 * 2 ** -24, 2 ** -14, -0],
      ...[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN],
    ]);
  });

  it('widens BF16 by its upper half', async () => {
    expect([...(await readFloats(halves(0x3f80, 0xc040, 0x7f80), 'BF16', 1, 2))]).toEqual([
      -3,
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('rounds F64 to the nearest float32', async () => {
    const source = memory(new Uint8Array(Float64Array.of(0.1, 1e300, -2).buffer));
    expect([...(await readFloats(source, 'F64', 0, 3))]).toEqual([
      Math.fround(0.1),
      Number.POSITIVE_INFINITY,
      -2,
    ]);
  });

  it('converts in pieces without losing or repeating an element', async () => {
    const count = 700_001;
    const bits = Uint16Array.from({ length: count }, (_, i) => i % 0x7f00);
    let seen = 0;
    const values = await readFloats(memory(new Uint8Array(bits.buffer)), 'BF16', 3, count - 3, (bytes) => {
      seen += bytes.byteLength;
    });
    expect(seen).toBe(2 * (count - 3));
    const asBits = new Uint32Array(values.buffer);
    expect(asBits.findIndex((value, i) => value !== bits[i + 3] << 16)).toBe(-1);
  });
});
