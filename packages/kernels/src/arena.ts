/**
 * A bump allocator over a WebAssembly memory, behind the kernels' own first bytes. What it hands out stays where
 * it is for good; but growing the memory detaches every typed array made before, so take regions first and make
 * views when no more growth will come, or call `view()` again after it.
 */
import { checkCount, workspaceBytes } from './rows.ts';
import { pageBytes, type WasmMemory } from './webassembly.ts';

/** A cache line: no region shares one with another. */
const alignment = 64;

/** `length` numbers at byte offset `at` of the arena's memory. */
export interface Region<View> {
  readonly at: number;
  readonly length: number;
  /** A typed array over the region, valid until the memory next grows. */
  view(): View;
}

/** A point to go back to. */
export type ArenaMark = number & { readonly brand: 'ArenaMark' };

/** Regions are aligned to 64 bytes, or as said; nothing is given back but to a mark. */
export class Arena {
  readonly memory: WasmMemory;
  /** Most bytes that the memory may grow to. */
  readonly limitBytes: number;
  #top: number;

  /** @param options.limitBytes default 1 GiB, at most 4 GiB; the memory's own maximum holds too */
  constructor(memory: WasmMemory, options: { readonly limitBytes?: number } = {}) {
    this.memory = memory;
    this.limitBytes = options.limitBytes ?? 2 ** 30;
    checkCount('limitBytes', this.limitBytes, 2 ** 32);
    this.#top = align(workspaceBytes);
  }

  /** Bytes in use, the kernels' own included. */
  get usedBytes(): number {
    return this.#top;
  }

  /** Room for `count` floats, not cleared. Throws a RangeError beyond the limit. */
  float32(count: number): Region<Float32Array> {
    const at = this.#take(count);
    return { at, length: count, view: () => new Float32Array(this.memory.buffer, at, count) };
  }

  /** Room that holds these floats. Throws a RangeError beyond the limit. */
  place(values: ArrayLike<number>): Region<Float32Array> {
    const region = this.float32(values.length);
    region.view().set(values);
    return region;
  }

  /** Room for `count` 32-bit integers, not cleared. Throws a RangeError beyond the limit. */
  int32(count: number): Region<Int32Array> {
    const at = this.#take(count);
    return { at, length: count, view: () => new Int32Array(this.memory.buffer, at, count) };
  }

  /** Grows the memory, if need be, so that the next `bytes` bytes (alignment included) need no growth. */
  reserve(bytes: number): void {
    const needed = this.#top + bytes;
    const has = this.memory.buffer.byteLength;
    if (needed <= has) return;
    const pages = Math.ceil((needed - has) / pageBytes);
    if (has + pages * pageBytes > this.limitBytes) {
      throw new RangeError(`arena: ${needed} bytes needed, its limit is ${this.limitBytes}`);
    }
    try {
      this.memory.grow(pages);
    } catch (cause) {
      throw new RangeError(`arena: the memory cannot grow from ${has} to ${needed} bytes`, { cause });
    }
  }

  /** Everything taken after this can be given back at once with `release`. */
  mark(): ArenaMark {
    return this.#top as ArenaMark;
  }

  release(mark: ArenaMark): void {
    if (mark > this.#top)
      throw new RangeError(`arena: mark ${mark} lies beyond the ${this.#top} bytes in use`);
    this.#top = mark;
  }

  #take(count: number): number {
    checkCount('count', count);
    const bytes = align(4 * count);
    this.reserve(bytes);
    const at = this.#top;
    this.#top += bytes;
    return at;
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
