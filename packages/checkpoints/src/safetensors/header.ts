/**
 * The header of a .safetensors file: its length (8 bytes, little-endian), then JSON that maps each name to
 * { dtype, shape, data_offsets: [begin, end) } within the data that follow. As the format asks, the data are
 * covered exactly, without gaps or overlaps.
 */
import { UserError } from '@vssm/core';
import { type ByteSource, readBytes } from '../byte-source.ts';
import { type ElementType, elementBytes, isElementType } from '../element-type.ts';
import { checkName, quoted } from '../tensor-names.ts';
import { checkKeysOnce } from './duplicate-keys.ts';

export interface SafetensorsEntry {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Position of the first byte in the file, and number of bytes. */
  readonly start: number;
  readonly bytes: number;
}

export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Some 40,000 tensors; models here have a few hundred. */
const maxHeaderBytes = 1 << 22;
const maxAxes = 16;

export async function readHeader(file: ByteSource): Promise<SafetensorsHeader> {
  const length = Number((await readBytes(file, 0, 8)).readBigUInt64LE());
  if (length > file.size - 8) {
    throw new UserError(
      `its header declares ${length} bytes in a file of ${file.size}; the file is truncated or corrupt`,
    );
  }
  if (length > maxHeaderBytes) {
    throw new UserError(`its header has ${length} bytes; more than ${maxHeaderBytes} are refused`);
  }
  const header = parseJson((await readBytes(file, 8, length)).toString('utf8'));

  const entries = new Map<string, SafetensorsEntry>();
  let metadata: Readonly<Record<string, string>> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') metadata = checkMetadata(value);
    else entries.set(name, checkEntry(name, value, 8 + length));
  }
  checkCoverage(entries, 8 + length, file.size);
  return { entries, metadata };
}

function parseJson(text: string): object {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    throw new UserError('its header is not JSON; the file is corrupt', { cause: error });
  }
  checkKeysOnce(text);
  if (!isObject(header)) throw new UserError('its header is not a JSON object; the file is corrupt');
  return header;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkMetadata(value: unknown): Readonly<Record<string, string>> {
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === 'string')) {
    throw new UserError('its "__metadata__" is not a table of texts');
  }
  if (Object.hasOwn(value, '__proto__')) throw new UserError('its "__metadata__" has the name "__proto__"');
  return value as Record<string, string>;
}

function checkEntry(name: string, value: unknown, dataStart: number): SafetensorsEntry {
  checkName(name);
  const wrong = (what: string) => new UserError(`tensor ${quoted(name)} ${what}; the file is corrupt`);
  if (!isObject(value)) throw wrong('is not described by an object');
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (typeof dtype !== 'string') throw wrong('has no dtype');
  if (!isElementType(dtype)) throw wrong(`has the unknown dtype ${quoted(dtype)}`);
  if (!isCounts(shape) || shape.length > maxAxes) throw wrong('has a malformed shape');
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw wrong('has malformed data_offsets');
  }
  const [begin, end] = offsets;
  const bytes = shape.reduce((product, axis) => product * axis, elementBytes[dtype]);
  if (bytes !== end - begin) {
    throw wrong(`is [${shape.join(', ')}] of ${dtype}, ${bytes} bytes, but has ${end - begin}`);
  }
  return { type: dtype, shape, start: dataStart + begin, bytes };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function checkCoverage(
  entries: ReadonlyMap<string, SafetensorsEntry>,
  dataStart: number,
  fileSize: number,
): void {
  const ordered = [...entries].sort(([, a], [, b]) => a.start - b.start || a.bytes - b.bytes);
  let expected = dataStart;
  for (const [name, { start, bytes }] of ordered) {
    if (start !== expected) {
      const what = start < expected ? 'overlaps the tensor before it' : 'leaves a gap before it';
      throw new UserError(`tensor ${quoted(name)} ${what}; the file is refused`);
    }
    expected += bytes;
  }
  if (expected !== fileSize) {
    throw new UserError(
      expected > fileSize
        ? `its tensors need ${expected} bytes and the file has ${fileSize}; the file is truncated`
        : `it has ${fileSize - expected} bytes after its last tensor; the file is refused`,
    );
  }
}
