/**
 * torch.save's format before PyTorch 1.6: five pickles one after another (a magic number, the protocol version,
 * the writer's system, the object, the keys of its storages), then each storage in the order of the keys, as an
 * element count of 8 bytes and the raw elements.
 */
import { UserError } from '@vssm/core';
import { type ByteSource, readBytes, slice } from '../byte-source.ts';
import { PickleTruncated } from '../pickle/reader.ts';
import { unpickle } from '../pickle/unpickle.ts';
import { PickleDict } from '../pickle/values.ts';
import { quoted } from '../tensor-names.ts';
import type { TorchArchive } from './archive.ts';
import { TorchHost } from './objects.ts';

const magicNumber = 0x1950a86a20f9469cfc6cn;
const protocolVersion = 1001;

/** The pickles come first and are mostly small; more of the file is read only when they turn out longer. */
const firstWindow = 1 << 18;
const lastWindow = 1 << 30;

export async function openTorchLegacy(file: ByteSource): Promise<TorchArchive> {
  const { root, keys, host, end } = await readPickles(file);
  const storages = new Map<string, ByteSource>();
  let position = end;
  for (const key of keys) {
    const storage = host.storages.get(key);
    if (storage === undefined)
      throw new UserError(`its storage ${quoted(key)} belongs to no tensor; the file is corrupt`);
    const count = (await readBytes(file, position, 8)).readBigInt64LE();
    if (count !== BigInt(storage.total)) {
      throw new UserError(
        `its storage ${quoted(key)} has ${count} elements where its tensors have ${storage.total}; the file is corrupt`,
      );
    }
    const bytes = storage.total * storage.bytesPerElement;
    storages.set(key, slice(file, position + 8, bytes));
    position += 8 + bytes;
  }
  return {
    root,
    contentBytes: file.size,
    async storage({ key }) {
      const source = storages.get(key);
      if (source === undefined)
        throw new UserError(`its storage ${quoted(key)} is missing; the file is corrupt`);
      return { source, crc32: undefined };
    },
  };
}

interface LegacyPickles {
  readonly root: unknown;
  readonly keys: readonly string[];
  readonly host: TorchHost;
  /** Position after the last pickle. */
  readonly end: number;
}

async function readPickles(file: ByteSource): Promise<LegacyPickles> {
  for (let window = firstWindow; ; window *= 4) {
    const bytes = await readBytes(file, 0, Math.min(window, file.size));
    try {
      return parsePickles(bytes);
    } catch (error) {
      if (!(error instanceof PickleTruncated) || window >= file.size || window >= lastWindow) throw error;
    }
  }
}

function parsePickles(bytes: Uint8Array): LegacyPickles {
  const host = new TorchHost();
  const magic = unpickle(bytes, 0, host);
  if (magic.value !== magicNumber) {
    throw new UserError(
      'is a pickle, but not one that torch.save wrote: it does not begin with its magic number',
    );
  }
  const version = unpickle(bytes, magic.end, host);
  if (version.value !== protocolVersion) {
    throw new UserError(`is of another version of torch.save's old format than ${protocolVersion}`);
  }
  const system = unpickle(bytes, version.end, host);
  if (system.value instanceof PickleDict && system.value.entries.get('little_endian') === false) {
    throw new UserError('its byte order is "big"; only little-endian files can be read');
  }
  const root = unpickle(bytes, system.end, host);
  const keys = unpickle(bytes, root.end, host);
  if (!Array.isArray(keys.value) || !keys.value.every((key) => typeof key === 'string')) {
    throw new UserError('its list of storages is malformed; the file is corrupt');
  }
  return { root: root.value, keys: keys.value, host, end: keys.end };
}
