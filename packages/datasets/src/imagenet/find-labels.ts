/**
 * Which class an image of a flat folder or of the archive belongs to: from `val.txt`, from Kaggle's
 * `LOC_val_solution.csv`, or from the development kit. Labels count from 0 in the order of the sorted WordNet
 * ids, as the models' classifiers do.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { readDevkitArchive, readDevkitFolder } from './devkit.ts';
import { classCount, type Labelling, lines, readText, writtenStem } from './labelling.ts';

/** Names under which people have the sorted list of WordNet ids (first word of each line). */
const synsetFiles = ['LOC_synset_mapping.txt', 'synset_words.txt', 'synsets.txt'];

/**
 * Reads the first label file found in these folders.
 *
 * @throws UserError naming the folder and the files that would do, or what is wrong with the one found
 */
export async function findLabels(folders: readonly string[]): Promise<Labelling> {
  const valTxt = firstFile(folders, 'val.txt');
  if (valTxt !== undefined) return readValTxt(valTxt, readSynsets(folders));
  const solution = firstFile(folders, 'LOC_val_solution.csv');
  if (solution !== undefined) return readSolution(solution, readSynsets(folders));
  const truth = firstFile(folders, 'ILSVRC2012_validation_ground_truth.txt');
  if (truth !== undefined) return readDevkitFolder(truth, firstFile(folders, 'meta.mat'));
  const devkit = firstFile(folders, 'ILSVRC2012_devkit_t12.tar.gz');
  if (devkit !== undefined) return readDevkitArchive(devkit);
  throw new UserError(
    `imagenet folder ${folders[0]}: images without labels; add val.txt, LOC_val_solution.csv or ` +
      'ILSVRC2012_devkit_t12.tar.gz to it',
  );
}

/** The 1,000 sorted WordNet ids, if a list of them lies in one of these folders. */
export function readSynsets(folders: readonly string[]): readonly string[] | undefined {
  const path = synsetFiles
    .map((name) => firstFile(folders, name))
    .find((candidate) => candidate !== undefined);
  if (path === undefined) return undefined;
  const ids = lines(readText(path)).map((line) => line.split(/\s/, 1)[0]);
  if (ids.length !== classCount || !isSortedAndUnique(ids)) {
    throw new UserError(
      `${path}: expected ${classCount} sorted WordNet ids, one a line; restore or remove it`,
    );
  }
  return ids;
}

function firstFile(folders: readonly string[], name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Lines `ILSVRC2012_val_00000001.JPEG 65`; a folder before the name is ignored. */
function readValTxt(path: string, synsets: readonly string[] | undefined): Labelling {
  const labels = new Map<string, number>();
  for (const [index, line] of lines(readText(path)).entries()) {
    const place = `${path} line ${index + 1}`;
    const match = /^(.+?)\s+(-?\d+)$/.exec(line);
    if (match === null) throw new UserError(`${place}: "${line.slice(0, 80)}" is not "<image> <label>"`);
    const label = Number(match[2]);
    if (label < 0 || label >= classCount) {
      throw new UserError(`${place}: label ${match[2]} is not in 0 … ${classCount - 1}; labels count from 0`);
    }
    addLabel(labels, writtenStem(match[1]), label, place);
  }
  const numbers = Array.from({ length: classCount }, (_, label) => String(label));
  return { path, labels, classes: synsets ?? numbers };
}

/** Kaggle: `ILSVRC2012_val_00048981,n03995372 85 1 499 272`, the id of the first box being the image's. */
function readSolution(path: string, synsets: readonly string[] | undefined): Labelling {
  const rows = lines(readText(path))
    .slice(1)
    .map((line, index) => {
      const match = /^([^,]+),(n\d{8})\b/.exec(line);
      if (match === null) {
        throw new UserError(
          `${path} line ${index + 2}: "${line.slice(0, 80)}" is not "<image>,<WordNet id> …"`,
        );
      }
      return { image: match[1], id: match[2] };
    });
  const classes = synsets ?? [...new Set(rows.map(({ id }) => id))].sort();
  const labelOf = new Map(classes.map((id, label) => [id, label]));
  const labels = new Map<string, number>();
  for (const [index, { image, id }] of rows.entries()) {
    const label = labelOf.get(id);
    const place = `${path} line ${index + 2}`;
    if (label === undefined)
      throw new UserError(`${place}: ${id} is not in the list of WordNet ids beside it`);
    addLabel(labels, writtenStem(image), label, place);
  }
  return { path, labels, classes };
}

function addLabel(labels: Map<string, number>, image: string, label: number, place: string): void {
  if (labels.has(image))
    throw new UserError(`${place}: ${image} was already labelled; remove one of the lines`);
  labels.set(image, label);
}

function isSortedAndUnique(ids: readonly string[]): boolean {
  return ids.every((id, index) => /^n\d{8}$/.test(id) && (index === 0 || ids[index - 1] < id));
}
