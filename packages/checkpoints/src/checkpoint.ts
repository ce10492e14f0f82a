/** A checkpoint file of any known format, told by its content, to a model's named float32 tensors. */
import { UserError, type Weights } from '@vssm/core';
import { type ByteSource, readBytes, sha256, withFile } from './byte-source.ts';
import type { ModelWeights } from './model-weights.ts';
import { DeniedName } from './pickle/denied.ts';
import { unpickle } from './pickle/unpickle.ts';
import { readSafetensorsWeights } from './safetensors/read.ts';
import { findStateDict, listedClasses } from './state-dict.ts';
import { leftOut } from './tensor-names.ts';
import type { TorchArchive } from './torch/archive.ts';
import { openTorchLegacy } from './torch/legacy-file.ts';
import { TorchHost } from './torch/objects.ts';
import { readTensors } from './torch/read-tensors.ts';
import { openTorchZip } from './torch/zip-file.ts';

export type CheckpointFormat = 'pth-zip' | 'pth-legacy' | 'safetensors';

export interface Checkpoint {
  readonly path: string;
  readonly format: CheckpointFormat;
  /** Of the file, hexadecimal. */
  readonly sha256: string;
  /** Size of the file. */
  readonly bytes: number;
  /**
   * The state dict's floating-point tensors by the model's own names, without what wrappers put before them. The data
   * may be views of shared buffers: mind byteOffset, and do not write to them.
   */
  readonly tensors: Weights;
  /** Integer and boolean tensors of the state dict, which were not read: name to element type. */
  readonly integers: ReadonlyMap<string, string>;
  /** What was left out, as `name: why`. */
  readonly ignored: readonly string[];
  /** Class names in the model's order, where the trainer (mmcv's `meta.CLASSES`) noted them. */
  readonly classes?: readonly string[];
  /** The model's family, as the metadata of a `.safetensors` file note it; not checked against anything. */
  readonly family?: string;
}

/**
 * Reads a `.pth` file (torch.save's zip or legacy format) or a `.safetensors` file. Nothing in the file is run:
 * pickles become data, and one that asks for os.system and the like is refused by that name.
 * The state dict is the whole, or what lies under `model`, `state_dict`, …; which of its names are the model's, tells
 * model-names.ts. F16, BF16 and F64 become float32.
 *
 * @param options.key where the state dict lies, and which names of it to take, instead of the usual ones: `model_ema`,
 * `module.model` (a prefix), `ema` (the buffers of mmcv's EMA hook)
 * @throws UserError naming the file and the problem
 */
export async function readCheckpoint(
  path: string,
  options: { readonly key?: string } = {},
): Promise<Checkpoint> {
  return withFile('checkpoint', path, async (file) => {
    const format = await detectFormat(file);
    const { tensors, integers, ignored, classes, family } = await readFormat(format, file, options.key);
    return {
      path,
      format,
      sha256: await sha256(file),
      bytes: file.size,
      tensors,
      integers,
      ignored: [
        ...ignored,
        ...[...integers].map(([name, type]) => leftOut(name, `an integer buffer (${type})`)),
      ],
      ...(classes !== undefined && { classes }),
      ...(family !== undefined && { family }),
    };
  });
}

async function readFormat(
  format: CheckpointFormat,
  file: ByteSource,
  key: string | undefined,
): Promise<ModelWeights> {
  switch (format) {
    case 'pth-zip':
      return readTorch(await openTorchZip(file), key);
    case 'pth-legacy':
      return readTorch(await openTorchLegacy(file), key);
    case 'safetensors':
      return readSafetensorsWeights(file, key);
    default:
      throw format satisfies never;
  }
}

async function readTorch(archive: TorchArchive, key: string | undefined): Promise<ModelWeights> {
  const { tensors, ignored } = findStateDict(archive.root, key);
  const classes = listedClasses(archive.root);
  return { ...(await readTensors(archive, tensors)), ignored, ...(classes !== undefined && { classes }) };
}

/** A pickle of protocol 0 or 1 is no checkpoint, but one that attacks is worth its own message. */
function refuseHostilePickle(head: Uint8Array): void {
  try {
    unpickle(head, 0, new TorchHost());
  } catch (error) {
    if (error instanceof DeniedName) throw error;
    if (!(error instanceof UserError)) throw error;
  }
}

/** By the first bytes; the suffix says nothing reliable. */
async function detectFormat(file: ByteSource): Promise<CheckpointFormat> {
  if (file.size === 0) throw new UserError('is empty');
  const head = await readBytes(file, 0, Math.min(file.size, 1 << 12));
  const text = head.toString('latin1');
  if (text.startsWith('PK\x03\x04')) return 'pth-zip';
  if (head.byteLength > 8 && text[8] === '{') return 'safetensors';
  // Every pickle of protocol 2 and later begins with 0x80, and torch.save writes no older one.
  if (head[0] === 0x80) return 'pth-legacy';
  refuseHostilePickle(head);
  if (text.startsWith('version https://git-lfs')) {
    throw new UserError('is a Git LFS pointer, not the file itself; fetch it with git lfs pull');
  }
  throw new UserError("is no checkpoint: neither torch.save's formats nor safetensors begin like this");
}
