/**
 * Labels from ILSVRC2012's development kit: `ILSVRC2012_validation_ground_truth.txt` gives the n-th image's class
 * as the kit's own number 1 … 1000, which does not follow the WordNet ids; `meta.mat` says which id each is.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UserError } from '@vssm/core';
import { list, type ReadEntry } from 'tar';
import { classCount, type Labelling, lines, readText } from './labelling.ts';
import { readMatStruct } from './mat-file.ts';

const truthName = 'ILSVRC2012_validation_ground_truth.txt';
const metaName = 'meta.mat';

/** Several times the real kit's 2.4 MiB. */
const maxDevkitBytes = 64 * 1024 ** 2;

/** Labels from the two files, unpacked. */
export function readDevkitFolder(truthPath: string, metaPath: string | undefined): Labelling {
  if (metaPath === undefined) {
    throw new UserError(
      `${truthPath}: numbers the classes in the development kit's own order; add the kit's ${metaName} to ` +
        `${dirname(truthPath)}, or a val.txt`,
    );
  }
  refuseLarge(metaPath);
  return combine(truthPath, readText(truthPath), metaPath, readFileSync(metaPath));
}

/** Labels from `ILSVRC2012_devkit_t12.tar.gz` as it was downloaded. */
export async function readDevkitArchive(path: string): Promise<Labelling> {
  refuseLarge(path);
  const found = new Map<string, Buffer>();
  try {
    await list({
      file: path,
      strict: true,
      filter: (name) => [truthName, metaName].some((wanted) => name.endsWith(`/data/${wanted}`)),
      onReadEntry: (entry) => collect(entry, found),
    });
  } catch (error) {
    throw new UserError(`${path}: cannot be unpacked (${(error as Error).message}); fetch it again`);
  }
  const truth = found.get(truthName);
  const meta = found.get(metaName);
  if (truth === undefined || meta === undefined) {
    throw new UserError(`${path}: data/${truthName} or data/${metaName} is not in it; fetch it again`);
  }
  return combine(`${path}:${truthName}`, truth.toString('utf8'), `${path}:${metaName}`, meta);
}

function collect(entry: ReadEntry, found: Map<string, Buffer>): void {
  if (entry.size > maxDevkitBytes) return;
  const chunks: Buffer[] = [];
  entry.on('data', (chunk: Buffer) => chunks.push(chunk));
  entry.on('end', () => found.set(entry.path.split('/').at(-1) ?? '', Buffer.concat(chunks)));
}

function refuseLarge(path: string): void {
  const { size } = statSync(path);
  if (size > maxDevkitBytes) {
    throw new UserError(`${path}: ${size} bytes is more than a development kit has; fetch it again`);
  }
}

function combine(truthPath: string, truth: string, metaPath: string, meta: Uint8Array): Labelling {
  const idOf = wordNetIds(meta, metaPath);
  const classes = [...idOf.values()].sort();
  const labelOf = new Map(classes.map((id, label) => [id, label]));
  const labels = lines(truth).map((line, index): [string, number] => {
    const id = idOf.get(Number(line));
    if (id === undefined) {
      const place = `${truthPath} line ${index + 1}`;
      throw new UserError(`${place}: "${line.slice(0, 80)}" is not a class number from 1 to ${classCount}`);
    }
    return [`ILSVRC2012_val_${String(index + 1).padStart(8, '0')}`, labelOf.get(id)!];
  });
  return { path: truthPath, classes, labels: new Map(labels) };
}

/** WordNet ids by the kit's number. The inner nodes of the hierarchy, numbered above 1000, are left out. */
function wordNetIds(meta: Uint8Array, path: string): ReadonlyMap<number, string> {
  const idOf = new Map<number, string>();
  for (const { ILSVRC2012_ID: number, WNID: id } of readMatStruct(meta, 'synsets', path)) {
    if (typeof number !== 'number' || typeof id !== 'string') continue;
    if (number >= 1 && number <= classCount && /^n\d{8}$/.test(id)) idOf.set(number, id);
  }
  if (idOf.size !== classCount || new Set(idOf.values()).size !== classCount) {
    throw new UserError(`${path}: lists ${idOf.size} of the ${classCount} classes; fetch it again`);
  }
  return idOf;
}
