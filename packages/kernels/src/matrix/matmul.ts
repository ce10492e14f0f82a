/**
 * Products of matrices as training has them: with weights that change at every step, either side transposed, a matrix
 * or a row added on the way. to = alpha · A' B' + plus.
 *
 * The options, and the twin that computes them in float64. The kernel is matmul.asm.ts, and matmul.c where there is a
 * compiler.
 */
import { checkCount, checkVector } from '../rows.ts';
import type { WasmMemory } from '../webassembly.ts';

/** A row-major matrix: the byte offset of its first float, and floats from row to row. */
export interface MatrixPlace {
  readonly at: number;
  readonly stride: number;
}

export interface MatmulOptions {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
  /** [rows, inner], or where `transA` [inner, rows]. */
  readonly a: MatrixPlace;
  readonly transA: boolean;
  /** [inner, columns], or where `transB` [columns, inner]. */
  readonly b: MatrixPlace;
  readonly transB: boolean;
  readonly alpha: number;
  /** [rows, columns]; stride 0: one row, added to all. */
  readonly plus?: MatrixPlace;
  /** Output [rows, columns], overwritten. Must not overlap an input but for `plus`, which it may be. */
  readonly to: MatrixPlace;
}

/** The twin: reads what the options name out of `buffer`, writes nothing; [rows, columns], adjacent. */
export function matmulReference(buffer: ArrayBufferLike, options: MatmulOptions): Float64Array {
  const { rows, inner, columns, a, b, transA, transB, alpha, plus } = options;
  const floats = new Float32Array(buffer);
  const read = ({ at, stride }: MatrixPlace, row: number, column: number) =>
    floats[at / 4 + row * stride + column];
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let i = 0; i < inner; i++) {
      sum +=
        (transA ? read(a, i, row) : read(a, row, i)) * (transB ? read(b, column, i) : read(b, i, column));
    }
    return alpha * sum + (plus === undefined ? 0 : read(plus, row, column));
  });
}

/** The module's export; arguments as in matmul.asm.ts. Addresses and strides in bytes. */
export interface MatmulExports {
  matmul(...numbers: number[]): void;
}

/** Throws a RangeError for what lies outside the memory, before anything is written. */
export function runMatmul(module: MatmulExports, memory: WasmMemory, options: MatmulOptions): void {
  const { rows, inner, columns, a, transA, b, transB, alpha, plus, to } = options;
  for (const [name, count] of Object.entries({ rows, inner, columns })) checkCount(name, count);
  checkMatrix(memory, 'a', a, transA ? inner : rows, transA ? rows : inner);
  checkMatrix(memory, 'b', b, transB ? columns : inner, transB ? inner : columns);
  checkMatrix(memory, 'to', to, rows, columns);
  checkPlus(memory, plus, rows, columns);
  module.matmul(
    rows,
    inner,
    columns,
    a.at,
    4 * a.stride,
    transA ? 1 : 0,
    b.at,
    4 * b.stride,
    transB ? 1 : 0,
    alpha,
    plus?.at ?? 0,
    4 * (plus?.stride ?? 0),
    to.at,
    4 * to.stride,
  );
}

/** Throws a RangeError for a matrix that lies outside the memory or whose rows overlap. */
export function checkMatrix(
  memory: WasmMemory,
  name: string,
  { at, stride }: MatrixPlace,
  height: number,
  width: number,
): void {
  checkCount(`${name}.stride`, stride, 2 ** 28);
  if (stride < width) {
    throw new RangeError(`${name}.stride is ${stride}, less than its ${width} floats a row`);
  }
  checkVector(memory, name, at, (height - 1) * stride + width);
}

/** The same of what is added, a matrix or a row. */
export function checkPlus(
  memory: WasmMemory,
  plus: MatmulOptions['plus'],
  rows: number,
  columns: number,
): void {
  if (plus?.stride === 0) checkVector(memory, 'plus', plus.at, columns);
  else if (plus !== undefined) checkMatrix(memory, 'plus', plus, rows, columns);
}
