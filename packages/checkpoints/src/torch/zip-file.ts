/**
 * torch.save's zip format: `<name>/data.pkl` holds the object, `<name>/data/<key>` one storage each, stored
 * uncompressed (deflated ones are read too). `<name>/byteorder` says "little" or "big".
 */
import { UserError } from '@vssm/core';
import type { ByteSource } from '../byte-source.ts';
import { unpickle } from '../pickle/unpickle.ts';
import { quoted } from '../tensor-names.ts';
import { openZip, type ZipEntry } from '../zip.ts';
import type { TorchArchive } from './archive.ts';
import { TorchHost } from './objects.ts';

/** A buffer's worth. Models and optimisers leave names and shapes here, trainers whole histories of losses. */
const maxPickleBytes = 1 << 30;

export async function openTorchZip(file: ByteSource): Promise<TorchArchive> {
  const zip = await openZip(file);
  const folder = archiveFolder(zip.entries);
  const order = zip.entries.get(`${folder}byteorder`);
  if (order !== undefined) {
    const text = (await zip.bytes(order, 16)).toString('latin1').trim();
    if (text !== 'little') {
      throw new UserError(`its byte order is ${quoted(text)}; only little-endian files can be read`);
    }
  }
  const pickle = await zip.bytes(zip.entries.get(`${folder}data.pkl`)!, maxPickleBytes);
  const { value } = unpickle(pickle, 0, new TorchHost());
  return {
    root: value,
    contentBytes: zip.contentBytes,
    async storage({ key, total, bytesPerElement }) {
      const name = `${folder}data/${key}`;
      const entry = zip.entries.get(name);
      if (entry === undefined)
        throw new UserError(`its entry ${quoted(name)} is missing; the file is corrupt`);
      const bytes = total * bytesPerElement;
      if (entry.size !== bytes) {
        throw new UserError(
          `its entry ${quoted(name)} has ${entry.size} bytes where its tensors have ${bytes}; the file is corrupt`,
        );
      }
      return { source: await zip.open(entry), crc32: entry.crc32 };
    },
  };
}

/** `<name>/` of the one `<name>/data.pkl`. */
function archiveFolder(entries: ReadonlyMap<string, ZipEntry>): string {
  const pickles = [...entries.keys()].filter((name) => /^[^/]*\/data\.pkl$/.test(name));
  if (pickles.length !== 1) {
    throw new UserError(
      `is a zip archive with ${pickles.length} entries named data.pkl where torch.save writes one; is it a checkpoint?`,
    );
  }
  const folder = pickles[0].slice(0, -'data.pkl'.length);
  if (entries.has(`${folder}constants.pkl`)) {
    throw new UserError("is a TorchScript archive; save the model's state dict with torch.save instead");
  }
  return folder;
}
