/**
 * Products by a matrix that stays: native code lays it out once as its products want it, panel by panel, where `matmul` does
 * so at every call, which at the rows of one image is a quarter of the work. There is no WebAssembly twin: to = A B + plus is
 * `matmul`'s, to the last bit.
 */
import type { Addon } from '../native/addon.ts';
import { scratchOf } from '../native/scratch.ts';
import { checkCount, checkVector } from '../rows.ts';
import type { WasmMemory } from '../webassembly.ts';
import { checkMatrix, checkPlus, type MatmulOptions, type MatrixPlace } from './matmul.ts';

export type PackOptions = Pick<MatmulOptions, 'inner' | 'columns' | 'b' | 'transB'>;

/** See MatmulOptions; `packed`: the byte offset of what `pack` has laid out. */
export type PackedMatmulOptions = Pick<MatmulOptions, 'rows' | 'inner' | 'columns' | 'a' | 'plus' | 'to'> & {
  readonly packed: number;
};

export interface PackedProducts {
  /** That B [inner, columns] takes. */
  floats(inner: number, columns: number): number;
  /** @param to byte offset of so many floats, overwritten */
  pack(options: PackOptions, to: number): void;
  /** Throws a RangeError for what lies outside the memory, before anything is written, as `pack` does. */
  matmul(options: PackedMatmulOptions): void;
}

/** @param threads among which a product shares its columns, or its rows where there are many more of them */
export function packedProducts(addon: Addon, memory: WasmMemory, threads: number): PackedProducts {
  const scratch = scratchOf(addon);
  const counts = (options: Readonly<Record<string, number>>) => {
    for (const [name, count] of Object.entries(options)) checkCount(name, count);
  };
  const floats = (inner: number, columns: number) => {
    counts({ inner, columns });
    return addon.packedFloats(inner, columns);
  };
  const bytes = ({ at, stride }: MatrixPlace) => [at, 4 * stride] as const;
  return {
    floats,
    pack({ inner, columns, b, transB }, to) {
      const size = floats(inner, columns);
      checkMatrix(memory, 'b', b, transB ? columns : inner, transB ? inner : columns);
      checkVector(memory, 'to', to, size);
      addon.packMatrix(memory.buffer, scratch, inner, columns, ...bytes(b), transB ? 1 : 0, to);
    },
    matmul({ rows, inner, columns, a, packed, plus, to }) {
      counts({ rows });
      checkVector(memory, 'packed', packed, floats(inner, columns));
      checkMatrix(memory, 'a', a, rows, inner);
      checkMatrix(memory, 'to', to, rows, columns);
      checkPlus(memory, plus, rows, columns);
      addon.matmulPacked(
        memory.buffer,
        scratch,
        threads,
        ...[rows, inner, columns, ...bytes(a), packed],
        ...bytes(plus ?? { at: 0, stride: 0 }),
        ...bytes(to),
      );
    },
  };
}
