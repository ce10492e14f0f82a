/**
 * A reader for one thing in MATLAB's level-5 MAT-files: a struct array whose fields are numbers or strings, such as
 * the `synsets` of ILSVRC2012's `meta.mat`. Elements are tagged (type, length) and padded to 8 bytes; one variable
 * may be compressed whole ("MAT-File Format", The MathWorks).
 */
import { inflateSync } from 'node:zlib';
import { UserError } from '@vssm/core';

/** Fields that hold anything but one number or a string are undefined. */
export type MatRecord = Readonly<Record<string, number | string | undefined>>;

const headerBytes = 128;
const maxInflatedBytes = 64 * 1024 ** 2;

const matrixType = 14;
const compressedType = 15;
const structClass = 2;
const charClass = 4;
const firstNumericClass = 6;

/** Readers of one value, by element type; `width` in bytes. */
const scalars: Readonly<Record<number, { width: number; get(view: DataView, at: number): number }>> = {
  1: { width: 1, get: (view, at) => view.getInt8(at) },
  2: { width: 1, get: (view, at) => view.getUint8(at) },
  3: { width: 2, get: (view, at) => view.getInt16(at, true) },
  4: { width: 2, get: (view, at) => view.getUint16(at, true) },
  5: { width: 4, get: (view, at) => view.getInt32(at, true) },
  6: { width: 4, get: (view, at) => view.getUint32(at, true) },
  7: { width: 4, get: (view, at) => view.getFloat32(at, true) },
  9: { width: 8, get: (view, at) => view.getFloat64(at, true) },
  12: { width: 8, get: (view, at) => Number(view.getBigInt64(at, true)) },
  13: { width: 8, get: (view, at) => Number(view.getBigUint64(at, true)) },
};

/** How characters are stored, by element type. */
const encodings: Readonly<Record<number, string>> = {
  1: 'latin1',
  2: 'latin1',
  4: 'utf-16le',
  16: 'utf-8',
  17: 'utf-16le',
};

interface Element {
  readonly type: number;
  readonly data: Uint8Array;
}

/**
 * The records of a struct array.
 *
 * @param path the file's path, for messages
 * @throws UserError when the file is not a little-endian level-5 MAT-file, is damaged, or lacks the variable
 */
export function readMatStruct(bytes: Uint8Array, variable: string, path: string): readonly MatRecord[] {
  const magic = String.fromCharCode(...bytes.subarray(126, headerBytes));
  if (magic !== 'IM') throw new UserError(`${path}: not a MATLAB level-5 file; fetch it again`);
  try {
    for (const element of elements(bytes.subarray(headerBytes))) {
      const inner = element.type === compressedType ? inflated(element) : element;
      if (inner?.type !== matrixType) continue;
      const records = structRecords(inner, variable);
      if (records !== undefined) return records;
    }
  } catch (error) {
    throw new UserError(`${path}: damaged MATLAB file (${(error as Error).message}); fetch it again`);
  }
  throw new UserError(`${path}: holds no struct array "${variable}"; fetch it again`);
}

/** Splits a run of tagged elements. */
function* elements(bytes: Uint8Array): Generator<Element> {
  const view = viewOf(bytes);
  let at = 0;
  while (at + 8 <= bytes.length) {
    const tag = view.getUint32(at, true);
    const small = tag >>> 16;
    const type = tag & 0xffff;
    const length = small === 0 ? view.getUint32(at + 4, true) : small;
    const start = small === 0 ? at + 8 : at + 4;
    if (start + length > bytes.length || (small !== 0 && length > 4)) {
      throw new Error(`an element of ${length} bytes ends beyond its container`);
    }
    yield { type, data: bytes.subarray(start, start + length) };
    const next = small === 0 ? start + length : at + 8;
    at = type === compressedType ? next : Math.ceil(next / 8) * 8;
  }
}

function inflated(element: Element): Element | undefined {
  return elements(inflateSync(element.data, { maxOutputLength: maxInflatedBytes })).next().value ?? undefined;
}

/** The records of a matrix element, if it is the struct array of that name. */
function structRecords(matrix: Element, variable: string): readonly MatRecord[] | undefined {
  const [flags, , name, nameLength, fieldNames, ...cells] = elements(matrix.data);
  if (classOf(flags) !== structClass || text(name) !== variable) return undefined;
  const width = numberIn(nameLength);
  const names = text(fieldNames);
  if (width === undefined || width < 1) throw new Error('field names have no length');
  const fields = Array.from({ length: Math.floor(names.length / width) }, (_, index) =>
    names.slice(index * width, (index + 1) * width).replace(/\0.*$/s, ''),
  );
  if (fields.length === 0 || cells.length % fields.length !== 0) {
    throw new Error(`${cells.length} cells do not fill records of ${fields.length} fields`);
  }
  const records: MatRecord[] = [];
  for (let start = 0; start < cells.length; start += fields.length) {
    records.push(Object.fromEntries(fields.map((field, index) => [field, cellValue(cells[start + index])])));
  }
  return records;
}

/** A 1 x 1 number or a string; undefined for any other cell. */
function cellValue(cell: Element): number | string | undefined {
  const [flags, , , values] = elements(cell.data);
  if (flags === undefined || values === undefined) return undefined;
  const kind = classOf(flags);
  if (kind === charClass) return text(values);
  return kind >= firstNumericClass ? numberIn(values) : undefined;
}

function classOf(flags: Element | undefined): number {
  return flags?.data[0] ?? 0;
}

function numberIn(element: Element | undefined): number | undefined {
  const scalar = element && scalars[element.type];
  return scalar && element.data.length === scalar.width ? scalar.get(viewOf(element.data), 0) : undefined;
}

function text(element: Element | undefined): string {
  const encoding = element && encodings[element.type];
  return encoding === undefined ? '' : new TextDecoder(encoding).decode(element!.data);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
