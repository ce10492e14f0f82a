/** Sets of label maps to compare: a folder of PNG files, or a safetensors file with one [H, W] tensor per image. */
import { readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors } from '@vssm/checkpoints';
import { UserError } from '@vssm/core';
import { decodeLabelMap } from '@vssm/datasets';

export interface LabelMaps {
  /** The folder or file. */
  readonly path: string;
  /** Image names without extension, sorted. */
  readonly names: readonly string[];
  read(name: string): Promise<NumberMap>;
}

export interface NumberMap {
  /** File (and tensor), for messages. */
  readonly file: string;
  readonly height: number;
  readonly width: number;
  /** [height, width], row by row. */
  readonly labels: ArrayLike<number>;
}

/** No label map of a photograph is this long. */
const maxMapBytes = 64 * 1024 ** 2;

/** @throws UserError when it is neither, or holds no map */
export async function openLabelMaps(path: string): Promise<LabelMaps> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new UserError(`${path}: does not exist; check the path`);
  const maps = stats.isDirectory() ? folderOfPngs(path) : await tensors(path);
  if (maps.names.length === 0) {
    throw new UserError(`${path}: no label maps in it; expected PNG files, or tensors [H, W]`);
  }
  return maps;
}

function folderOfPngs(path: string): LabelMaps {
  const files = new Map(
    readdirSync(path)
      .filter((name) => /^[^.].*\.png$/i.test(name))
      .map((name) => [name.slice(0, -4), join(path, name)]),
  );
  return {
    path,
    names: [...files.keys()].sort(),
    read: async (name) => {
      const file = files.get(name)!;
      const { size } = statSync(file);
      if (size > maxMapBytes)
        throw new UserError(`label map ${file}: ${size} bytes is more than ${maxMapBytes}`);
      return { file, ...decodeLabelMap(await readFile(file), file) };
    },
  };
}

async function tensors(path: string): Promise<LabelMaps> {
  const { tensors } = await readSafetensors(path);
  return {
    path,
    names: [...tensors.keys()].sort(),
    read: async (name) => {
      const { shape, data, dtype } = tensors.get(name)!;
      const file = `${path}: tensor "${name}"`;
      if (shape.length !== 2) throw new UserError(`${file}: is [${shape.join(', ')}], expected [H, W]`);
      if (!/^[IU]\d+$/.test(dtype)) throw new UserError(`${file}: is ${dtype}, expected whole numbers`);
      const labels =
        data instanceof BigInt64Array || data instanceof BigUint64Array ? Array.from(data, Number) : data;
      return { file, height: shape[0], width: shape[1], labels };
    },
  };
}
