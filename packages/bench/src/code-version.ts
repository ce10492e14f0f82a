/**
 * The code that results depend on, as one hash: the sources of every package between the files of a model and
 * its predictions. An edit of the method gives new keys without anybody having to remember it; an edit of the
 * report or the command line does not.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const packagesFolder = fileURLToPath(new URL('../../', import.meta.url));

const measuringPackages = [
  'core',
  'checkpoints',
  'graph',
  'kernels',
  'backend',
  'backend-cpu',
  'datasets',
  'metrics',
];

/** Files of this package that turn images into predictions. */
const ownFiles = ['accuracy.ts', 'images.ts', 'strip.ts'];

/** SHA-256, hex, over paths and contents. */
export function codeVersion(folder: string = packagesFolder): string {
  const files = measuringPackages.flatMap((name) => sources(join(folder, name, 'src')));
  files.push(...ownFiles.map((name) => join(folder, 'bench', 'src', name)));
  const hash = createHash('sha256');
  for (const file of files.filter((path) => existsSync(path)).sort()) {
    const content = readFileSync(file);
    hash.update(`${relative(folder, file).replaceAll(sep, '/')}\t${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

function sources(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !/\.test\.ts$|\.test-data\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
