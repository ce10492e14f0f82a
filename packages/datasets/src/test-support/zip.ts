/** Zip archives for tests, written by hand so that they can also be written wrong. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipForm {
  readonly deflated: boolean;
  /** Recorded in place of the contents' CRC-32. */
  readonly checksum: number;
  /** Bit 0: encrypted. */
  readonly flags: number;
  /** Sizes in 64 bits: in the directory's extra fields, unpacked size before packed. */
  readonly zip64: boolean;
  /** Recorded in place of the contents' size. */
  readonly size: number;
}

export function zipOf(
  files: Readonly<Record<string, string | Uint8Array>>,
  form: Partial<ZipForm> = {},
): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, content] of Object.entries(files)) {
    const bytes = Buffer.from(content as Uint8Array);
    const packed = form.deflated === true ? deflateRawSync(bytes) : bytes;
    const name = Buffer.from(path);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(form.flags ?? 0, 2);
    fields.writeUInt16LE(form.deflated === true ? 8 : 0, 4);
    fields.writeUInt32LE(form.checksum ?? crc32(bytes), 10);
    const size = form.size ?? bytes.length;
    const extra = Buffer.alloc(form.zip64 === true ? 20 : 0);
    if (form.zip64 === true) {
      fields.fill(0xff, 14, 22);
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(16, 2);
      extra.writeBigUInt64LE(BigInt(size), 4);
      extra.writeBigUInt64LE(BigInt(packed.length), 12);
    } else {
      fields.writeUInt32LE(packed.length, 14);
      fields.writeUInt32LE(size, 18);
    }
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, name, packed]);
    fields.writeUInt16LE(extra.length, 24);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, tail, name, extra]));
    locals.push(local);
    offset += local.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(locals.length, 8);
  end.writeUInt16LE(locals.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, entries, end]);
}
