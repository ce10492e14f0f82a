/** For the tests: seeded random arguments in a WebAssembly memory, with canaries between and around rows. */
import { Arena } from '../arena.ts';
import type { Rows } from '../rows.ts';
import { createMemory } from '../webassembly.ts';

/** What a row's padding holds: a kernel that reads it shows NaN, one that writes it is caught by `canariesLive`. */
const canary = Number.NaN;

/** splitmix32: the same numbers on every machine. */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let bits = state ^ (state >>> 16);
    bits = Math.imul(bits, 0x21f0aaad);
    bits ^= bits >>> 15;
    bits = Math.imul(bits, 0x735a2d97);
    return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** One memory for all cases of a file, each of which overwrites the last. */
const memory = createMemory();

export class RandomCase {
  readonly arena = new Arena(memory);
  readonly random: () => number;
  readonly #written: { rows: Rows; images: number; perImage: number; width: number; size: number }[] = [];

  constructor(seed: number) {
    this.random = randomSource(seed);
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /** [images, perImage, width] inside wider rows, filled by `value`; the rest holds canaries. */
  rows(images: number, perImage: number, width: number, value: () => number): Rows {
    const before = Math.floor(this.between(0, 4));
    const stride = width + before + Math.floor(this.between(0, 9));
    const imageStride = perImage * stride + Math.floor(this.between(0, 5));
    const size = before + images * imageStride;
    const region = this.arena.float32(size);
    const view = region.view().fill(canary);
    for (let image = 0; image < images; image++) {
      for (let row = 0; row < perImage; row++) {
        for (let column = 0; column < width; column++) {
          view[before + image * imageStride + row * stride + column] = value();
        }
      }
    }
    const rows = { at: region.at + 4 * before, stride, imageStride };
    this.#written.push({ rows: { ...rows, at: region.at }, images, perImage, width, size });
    return rows;
  }

  vector(count: number, value: (index: number) => number): number {
    const region = this.arena.float32(count);
    region.view().set(Float32Array.from({ length: count }, (_, index) => value(index)));
    return region.at;
  }

  integers(values: ArrayLike<number>): number {
    const region = this.arena.int32(values.length);
    region.view().set(values);
    return region.at;
  }

  /** Strictly rising positions of `length` kept tokens for each image. */
  positions(images: number, length: number, keep = 0.6): number {
    const all: number[] = [];
    for (let image = 0; image < images; image++) {
      for (let position = 0, kept = 0; kept < length; position++) {
        if (this.random() < keep) {
          all.push(position);
          kept++;
        }
      }
    }
    return this.integers(all);
  }

  /** `kept` of `all` cells for each image, rising. */
  cells(images: number, all: number, kept: number): number {
    const chosen: number[] = [];
    for (let image = 0; image < images; image++) {
      let left = kept;
      for (let cell = 0; cell < all; cell++) {
        if (this.random() * (all - cell) >= left) continue;
        chosen.push(cell);
        left--;
      }
    }
    return this.integers(chosen);
  }

  /** The floats that `rows` names, [images, perImage, width], adjacent. */
  read(rows: Rows, images: number, perImage: number, width: number): Float32Array {
    const floats = new Float32Array(this.arena.memory.buffer);
    const imageStride = rows.imageStride ?? perImage * rows.stride;
    return Float32Array.from({ length: images * perImage * width }, (_, at) => {
      const row = Math.floor(at / width);
      const image = Math.floor(row / perImage);
      return floats[rows.at / 4 + image * imageStride + (row % perImage) * rows.stride + (at % width)];
    });
  }

  /** How many canaries are left; a kernel must not change this. */
  canaries(): number {
    let count = 0;
    const floats = new Float32Array(this.arena.memory.buffer);
    for (const { rows, size } of this.#written) {
      for (const value of floats.subarray(rows.at / 4, rows.at / 4 + size)) if (Number.isNaN(value)) count++;
    }
    return count;
  }
}
