/** The part of the WebAssembly interface that is used here, typed: Node's own type declarations leave it out. */

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** Adds pages of 64 KiB; detaches every typed array made before. Returns the pages there were. */
  grow(pages: number): number;
}

export type WasmModule = object;

interface WebAssemblyInterface {
  readonly Memory: new (descriptor: { initial: number; maximum?: number }) => WasmMemory;
  compile(bytes: Uint8Array): Promise<WasmModule>;
  instantiate(module: WasmModule, imports: object): Promise<{ readonly exports: unknown }>;
}

export const webAssembly = (globalThis as unknown as { WebAssembly: WebAssemblyInterface }).WebAssembly;

export const pageBytes = 65536;

/** A memory of 1 MiB, not shared (ONNX Runtime refuses shared ones), that may grow to `maximumBytes` (default 4 GiB). */
export function createMemory(maximumBytes = 2 ** 32): WasmMemory {
  return new webAssembly.Memory({ initial: 16, maximum: Math.floor(maximumBytes / pageBytes) });
}
