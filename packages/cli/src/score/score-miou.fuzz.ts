/** Fuzz target: `vssm score miou` on a safetensors file of label maps, once as predictions and once as labels. */
import { writeFileSync } from 'node:fs';
import { UserError } from '@vssm/core';
import { scoreMiou } from './miou.ts';

const shape = [4, 6];
const pixels = Uint8Array.from({ length: 24 }, (_, at) => at % 5);

function tensors(dtype: string, bytesOfOne: number): Buffer {
  const bytes = pixels.length * bytesOfOne;
  const entry = (from: number) => ({ dtype, shape, data_offsets: [from, from + bytes] });
  const header = Buffer.from(JSON.stringify({ a: entry(0), b: entry(bytes) }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const data = Buffer.alloc(2 * bytes);
  for (const [at, label] of [...pixels, ...pixels].entries()) data[at * bytesOfOne] = label;
  return Buffer.concat([length, header, data]);
}

export const seeds = { bytes: tensors('U8', 1), wide: tensors('I64', 8) };

export const words = ['"U8"', '"I16"', '"F32"', '"BOOL"', '[4,6]', '[24]', '[0,0]', '"c":', 'data_offsets'];

export async function read({ path }: { path: string }): Promise<void> {
  const sound = `${path}.sound.safetensors`;
  writeFileSync(sound, seeds.bytes);
  const options = { classes: 4, ignore: 255, reduceZeroLabel: false };
  const refusals: UserError[] = [];
  for (const [predictions, labels] of [
    [path, sound],
    [sound, path],
  ]) {
    try {
      await scoreMiou({ ...options, predictions, labels });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      refusals.push(error);
    }
  }
  if (refusals.length > 0) throw refusals[0];
}
