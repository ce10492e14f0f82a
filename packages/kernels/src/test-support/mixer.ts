/** For the tests of whole mixers: upstream's tensors, and a projection in place of an ONNX Runtime segment. */
import { readFileSync } from 'node:fs';
import type { Rows } from '../rows.ts';

/** Tensors of a safetensors file in testdata/: 8 bytes of header length, JSON header, data. */
export function golden(fileName: string): (name: string) => Float32Array {
  const file = readFileSync(new URL(`../../testdata/${fileName}`, import.meta.url));
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, start));
  return (name) => {
    const [from, to] = header[name].data_offsets;
    return new Float32Array(new Uint8Array(file.subarray(start + from, start + to)).buffer);
  };
}

/** y = x Wᵀ + bias over `count` rows; reads and writes the kernels' memory. */
export function project(
  floats: Float32Array,
  count: number,
  x: Rows,
  inputs: number,
  weight: Float32Array,
  y: Rows,
  bias?: Float32Array,
): void {
  const outputs = weight.length / inputs;
  for (let row = 0; row < count; row++) {
    for (let out = 0; out < outputs; out++) {
      let sum = bias === undefined ? 0 : bias[out];
      for (let i = 0; i < inputs; i++)
        sum += floats[x.at / 4 + row * x.stride + i] * weight[out * inputs + i];
      floats[y.at / 4 + row * y.stride + out] = sum;
    }
  }
}
