/** Fuzz target: `.safetensors` files. */
import { readSafetensors } from './read.ts';

function file(header: object, dataBytes: number): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes, 0x3f)]);
}

export const seeds = {
  'one of each type': file(
    {
      __metadata__: { format: 'pt', note: 'made up' },
      a: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
      b: { dtype: 'F16', shape: [4], data_offsets: [24, 32] },
      c: { dtype: 'BF16', shape: [2, 1], data_offsets: [32, 36] },
      d: { dtype: 'F64', shape: [], data_offsets: [36, 44] },
      e: { dtype: 'I64', shape: [1], data_offsets: [44, 52] },
      f: { dtype: 'BOOL', shape: [3], data_offsets: [52, 55] },
      g: { dtype: 'U8', shape: [0], data_offsets: [55, 55] },
    },
    55,
  ),
  'a model': file(
    Object.fromEntries(
      Array.from({ length: 40 }, (_, at) => [
        `model.layers.${at}.weight`,
        { dtype: 'F32', shape: [2, 2], data_offsets: [16 * at, 16 * at + 16] },
      ]),
    ),
    640,
  ),
};

export const words = [
  '"F32"',
  '"I64"',
  '"shape"',
  '"data_offsets"',
  '"__proto__"',
  '{',
  '}',
  '[',
  ']',
  ',',
  '\\u0000',
];

/** The length in front of the header made to fit again. */
export function fix(bytes: Buffer): Buffer {
  const end = bytes.lastIndexOf('}');
  if (end < 8) return bytes;
  const fixed = Buffer.from(bytes);
  fixed.writeBigUInt64LE(BigInt(end + 1 - 8));
  return fixed;
}

export async function read({ path }: { path: string }): Promise<void> {
  await readSafetensors(path);
}
