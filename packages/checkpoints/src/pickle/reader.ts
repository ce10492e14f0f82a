/** Reads the arguments of pickle opcodes: numbers, lines and counted strings, each with its bound. */
import { UserError } from '@vssm/core';

/** The bytes ended inside a pickle. Where more of the file can be read, the caller does so and tries again. */
export class PickleTruncated extends UserError {
  constructor() {
    super('its pickle ends in the middle; the file is truncated');
  }
}

/** Long enough for every number that PyTorch writes (its magic number has ten bytes). */
const maxIntegerBytes = 32;
const maxDigits = 78;
/** Names, source texts and argument lists; not data. */
const maxTextBytes = 1 << 24;

export class PickleReader {
  position: number;
  private readonly buffer: Buffer;

  constructor(bytes: Uint8Array, start: number) {
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = start;
  }

  byte(): number {
    return this.buffer[this.advance(1)];
  }

  uint2(): number {
    return this.buffer.readUInt16LE(this.advance(2));
  }

  uint4(): number {
    return this.buffer.readUInt32LE(this.advance(4));
  }

  int4(): number {
    return this.buffer.readInt32LE(this.advance(4));
  }

  float8(): number {
    return this.buffer.readDoubleBE(this.advance(8));
  }

  size4(): number {
    return this.uint4();
  }

  /** An unsigned 64-bit length; what does not fit a double is beyond every file. */
  size8(): number {
    const size = this.buffer.readBigUInt64LE(this.advance(8));
    if (size > BigInt(Number.MAX_SAFE_INTEGER)) throw new PickleTruncated();
    return Number(size);
  }

  /** A two's complement, little-endian integer of `size` bytes; none is zero. */
  integer(size: number): number | bigint {
    if (size > maxIntegerBytes) throw new UserError(`its pickle has an integer of ${size} bytes`);
    const start = this.advance(size);
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.buffer[start + i]);
    return narrow(BigInt.asIntN(8 * size, value));
  }

  /** A line `12`, `12L`, or Python 2's `00` and `01` for false and true. */
  decimalOrBoolean(): number | bigint | boolean {
    const line = this.line();
    return line === '00' ? false : line === '01' ? true : parseDecimal(line);
  }

  decimal(): number | bigint {
    return parseDecimal(this.line());
  }

  decimalFloat(): number {
    const line = this.line();
    if (/^-?inf$/.test(line)) return line === 'inf' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    const value = Number(line);
    if (line.length > 64 || line.trim() === '' || (Number.isNaN(value) && line !== 'nan')) {
      throw new UserError('its pickle has a malformed number; the file is corrupt');
    }
    return value;
  }

  /** A memo index in decimal. */
  index(): number {
    const value = this.decimal();
    if (typeof value !== 'number' || value < 0) {
      throw new UserError(`its pickle numbers an object ${value}; the file is corrupt`);
    }
    return value;
  }

  /** Up to the next line feed, which is consumed and not returned. */
  line(): string {
    const end = this.buffer.indexOf(0x0a, this.position);
    if (end < 0) throw new PickleTruncated();
    const text = this.utf8(end - this.position);
    this.position++;
    return text;
  }

  /** A line that holds a Python 2 string literal; its escapes are left as they stand, names have none. */
  quotedLine(): string {
    const line = this.line();
    if (!/^(['"]).*\1$/s.test(line) || line.length < 2) {
      throw new UserError('its pickle has a malformed string; the file is corrupt');
    }
    return line.slice(1, -1);
  }

  utf8(size: number): string {
    const start = this.text(size);
    return this.buffer.toString('utf8', start, start + size);
  }

  latin1(size: number): string {
    const start = this.text(size);
    return this.buffer.toString('latin1', start, start + size);
  }

  /** A copy, so that a small value does not keep the whole pickle in memory. */
  bytes(size: number): Uint8Array {
    const start = this.advance(size);
    return new Uint8Array(this.buffer.subarray(start, start + size));
  }

  private text(size: number): number {
    const start = this.advance(size);
    if (size > maxTextBytes) throw new UserError(`its pickle has a text of ${size} bytes`);
    return start;
  }

  private advance(size: number): number {
    const start = this.position;
    if (start + size > this.buffer.length) throw new PickleTruncated();
    this.position = start + size;
    return start;
  }
}

function parseDecimal(line: string): number | bigint {
  const digits = line.endsWith('L') ? line.slice(0, -1) : line;
  if (digits.length > maxDigits || !/^-?\d+$/.test(digits)) {
    throw new UserError('its pickle has a malformed number; the file is corrupt');
  }
  return narrow(BigInt(digits));
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
