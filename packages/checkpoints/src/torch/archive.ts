/** What both of PyTorch's formats give: the pickled object, and the bytes of the storages that it refers to. */
import type { ByteSource } from '../byte-source.ts';
import type { StorageRef } from './objects.ts';

export interface StorageBytes {
  readonly source: ByteSource;
  /** CRC-32 of all bytes of the storage; undefined where the file records none. */
  readonly crc32: number | undefined;
}

export interface TorchArchive {
  /** What torch.save was given, as plain values, placeholders and stored tensors. */
  readonly root: unknown;
  /** Bytes of content, inflated: what the memory for tensors is measured against. */
  readonly contentBytes: number;
  /** The bytes of a whole storage, `storage.start` not yet applied; a UserError when they are not there. */
  storage(storage: StorageRef): Promise<StorageBytes>;
}
