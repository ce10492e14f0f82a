/** Writes zip archives, honest ones and such that lie about themselves. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipContent {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** Declared instead of the true inflated size. */
  readonly declaredSize?: number;
  readonly declaredCrc?: number;
}

export function writeZip(contents: readonly ZipContent[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data, deflate = false, declaredSize, declaredCrc } of contents) {
    const raw = deflate ? deflateRawSync(data) : Buffer.from(data);
    const size = declaredSize ?? data.byteLength;
    const sizes = Buffer.alloc(16);
    sizes.writeUInt32LE(declaredCrc ?? crc32(data), 0);
    sizes.writeUInt32LE(deflate ? raw.byteLength : size, 4);
    sizes.writeUInt32LE(size, 8);
    sizes.writeUInt16LE(name.length, 12);
    const shared = Buffer.alloc(10);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(deflate ? 8 : 0, 4);

    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, sizes, Buffer.from(name)]);
    const central = Buffer.concat([
      Buffer.from('PK\x01\x02\x14\x00', 'latin1'),
      shared,
      sizes,
      Buffer.alloc(14),
      Buffer.from(name),
    ]);
    central.writeUInt32LE(offset, 42);
    parts.push(local, raw);
    directory.push(central);
    offset += local.byteLength + raw.byteLength;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(contents.length, 8);
  end.writeUInt16LE(contents.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).byteLength, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** A .pth in the zip format: the pickle, and storages of float32 values by key. */
export function writeTorchZip(
  pickle: Uint8Array,
  storages: Readonly<Record<string, readonly number[]>> = {},
): Buffer {
  return writeZip([
    { name: 'archive/data.pkl', data: pickle },
    ...Object.entries(storages).map(([key, values]) => ({
      name: `archive/data/${key}`,
      data: Buffer.from(Float32Array.from(values).buffer),
    })),
  ]);
}
