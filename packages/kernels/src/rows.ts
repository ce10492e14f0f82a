/**
 * How arguments name float32 data inside a WebAssembly memory, and the checks that no kernel ever runs without.
 * Addresses (`at`) are byte offsets, multiples of 4; strides are counted in floats.
 */

import type { WasmMemory } from './webassembly.ts';

/** Rows of floats, [B, L, width], that need not be adjacent: a slice of another tensor's rows will do. */
export interface Rows {
  /** Byte offset of the first float of the first row of the first image. */
  readonly at: number;
  /** Floats from one row to the next. */
  readonly stride: number;
  /** Floats from one image to the next. Default: rows · stride. */
  readonly imageStride?: number;
}

/** Byte offset of row `row` of image `image`, where an image has `rows` rows. */
export function rowAddress(rows: Rows, image: number, row: number, rowsPerImage: number): number {
  return rows.at + 4 * (image * (rows.imageStride ?? rowsPerImage * rows.stride) + row * rows.stride);
}

export function checkCount(name: string, value: number, most = 2 ** 31 - 1): void {
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new RangeError(`${name} is ${value}, expected a whole number from 1 to ${most}`);
  }
}

/** `count` adjacent numbers of 4 bytes at `at`. */
export function checkVector(memory: WasmMemory, name: string, at: number, count: number): void {
  if (!Number.isInteger(at) || at % 4 !== 0) {
    throw new RangeError(`${name} is at byte ${at}, expected a multiple of 4`);
  }
  if (at < workspaceBytes) {
    throw new RangeError(`${name} is at byte ${at}, the first ${workspaceBytes} bytes belong to the kernels`);
  }
  const end = at + 4 * count;
  if (!(end <= memory.buffer.byteLength)) {
    throw new RangeError(`${name} ends at byte ${end}, the memory has ${memory.buffer.byteLength}`);
  }
}

/** [batch, length] int32 at `at`, strictly rising along each row. */
export function checkPositions(memory: WasmMemory, at: number, batch: number, length: number): void {
  checkVector(memory, 'positions', at, batch * length);
  const positions = new Int32Array(memory.buffer, at, batch * length);
  for (let i = 0; i < positions.length; i++) {
    if (i % length > 0 && positions[i] <= positions[i - 1]) {
      throw new RangeError(
        `positions[${Math.floor(i / length)}][${i % length}] is ${positions[i]} after ${positions[i - 1]}, expected rising ones`,
      );
    }
  }
}

/** [batch, count, width] at `rows`; overlapping rows are refused. */
export function checkRows(
  memory: WasmMemory,
  name: string,
  rows: Rows,
  batch: number,
  count: number,
  width: number,
): void {
  checkCount(`${name}.stride`, rows.stride, 2 ** 28);
  if (rows.stride < width) {
    throw new RangeError(`${name}.stride is ${rows.stride}, less than its ${width} floats a row`);
  }
  const image = (count - 1) * rows.stride + width;
  const imageStride = rows.imageStride ?? count * rows.stride;
  if (!Number.isInteger(imageStride) || imageStride < image) {
    throw new RangeError(`${name}.imageStride is ${imageStride}, less than the ${image} floats of an image`);
  }
  checkVector(memory, name, rows.at, (batch - 1) * imageStride + image);
}

/** Bytes at the start of the memory that hold the kernels' constants and scratch: WORKSPACE_BYTES of common/workspace.asm.ts. */
export const workspaceBytes = 514_048;
