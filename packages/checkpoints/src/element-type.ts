/**
 * Element types of stored tensors, by their safetensors names, and how they become float32. All files here are
 * little-endian, and so is every machine that Node runs on in practice.
 */
import { UserError } from '@vssm/core';
import type { ByteSource } from './byte-source.ts';

/** Bytes of one element. */
export const elementBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
  C64: 8,
  C128: 16,
  F8_E4M3: 1,
  F8_E5M2: 1,
  F8_E8M0: 1,
} as const;

export type ElementType = keyof typeof elementBytes;

const floatTypes = ['F64', 'F32', 'F16', 'BF16'] as const;
export type FloatType = (typeof floatTypes)[number];

export function isElementType(name: unknown): name is ElementType {
  return typeof name === 'string' && Object.hasOwn(elementBytes, name);
}

export function isFloatType(type: ElementType): type is FloatType {
  return floatTypes.some((float) => float === type);
}

/** Integers and booleans: buffers such as num_batches_tracked, never weights. */
export function isIntegerType(type: ElementType): boolean {
  return /^[IU]\d|^BOOL$/.test(type);
}

/** Bytes converted at a time, so that a narrow or wide file costs no second copy of itself. */
const pieceBytes = 1 << 20;

/**
 * `count` elements of `source` from element `start` on, as float32. F16 and BF16 are widened exactly; F64 is
 * rounded to the nearest float32 (beyond its range: to infinity).
 *
 * @param seen is shown all bytes in order, for a checksum
 */
export async function readFloats(
  source: ByteSource,
  type: FloatType,
  start: number,
  count: number,
  seen: (bytes: Uint8Array) => void = () => {},
): Promise<Float32Array> {
  const values = allocateFloats(count);
  if (type === 'F32') {
    const bytes = new Uint8Array(values.buffer);
    await source.read(bytes, start * 4);
    seen(bytes);
    return values;
  }
  const size = elementBytes[type];
  const piece = new Uint8Array(Math.min(pieceBytes, count * size));
  const perPiece = piece.byteLength / size;
  for (let done = 0; done < count; done += perPiece) {
    const elements = Math.min(perPiece, count - done);
    const bytes = piece.subarray(0, elements * size);
    await source.read(bytes, (start + done) * size);
    seen(bytes);
    convert(type, piece.buffer, values.subarray(done, done + elements));
  }
  return values;
}

/** Memory that the machine does not have is the file's fault here, not ours. */
export function allocateFloats(count: number): Float32Array<ArrayBuffer> {
  try {
    return new Float32Array(count);
  } catch (error) {
    throw new UserError(`a tensor of ${count} elements does not fit into memory`, { cause: error });
  }
}

function convert(type: Exclude<FloatType, 'F32'>, from: ArrayBuffer, to: Float32Array): void {
  switch (type) {
    case 'F64':
      to.set(new Float64Array(from, 0, to.length));
      return;
    case 'BF16': {
      const halves = new Uint16Array(from, 0, to.length);
      const bits = new Uint32Array(to.buffer, to.byteOffset, to.length);
      for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
      return;
    }
    case 'F16': {
      const halves = new Uint16Array(from, 0, to.length);
      const table = halfValues();
      for (let i = 0; i < halves.length; i++) to[i] = table[halves[i]];
      return;
    }
    default:
      throw type satisfies never;
  }
}

let halves: Float32Array | undefined;

/** All 65,536 IEEE half-precision values. */
function halfValues(): Float32Array {
  if (halves !== undefined) return halves;
  halves = new Float32Array(1 << 16);
  for (let bits = 0; bits < 1 << 16; bits++) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const magnitude =
      exponent === 31
        ? fraction === 0
          ? Number.POSITIVE_INFINITY
          : Number.NaN
        : exponent === 0
          ? fraction * 2 ** -24
          : (1024 + fraction) * 2 ** (exponent - 25);
    halves[bits] = bits >> 15 ? -magnitude : magnitude;
  }
  return halves;
}
