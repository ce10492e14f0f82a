/** Targets: files `*.fuzz.ts` of any package, each beside the reader that it is about. */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** One input, in memory and on disk. */
export interface FuzzInput {
  readonly bytes: Buffer;
  readonly path: string;
}

export interface FuzzTarget {
  /** Small whole files, by what they are. */
  readonly seeds: Readonly<Record<string, Uint8Array>>;
  /** Reads an input; throws a UserError for what it refuses. */
  read(input: FuzzInput): unknown;
  /** Pieces that mean something in the format. */
  readonly words?: readonly string[];
  /** The input with its checksums put right, so that damage gets past them. */
  fix?(bytes: Buffer): Buffer;
}

const packagesFolder = join(import.meta.dirname, '../..');

/** Files of all targets by name: `idx.fuzz.ts` is `idx`. */
export function findTargets(folder: string = packagesFolder): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => filesIn(join(folder, entry.name, 'src')))
    .filter((file) => file.endsWith('.fuzz.ts'))
    .sort();
  const targets = new Map<string, string>();
  for (const file of files) {
    const name = basename(file, '.fuzz.ts');
    if (targets.has(name)) throw new Error(`fuzz target ${name}: both ${targets.get(name)} and ${file}`);
    targets.set(name, file);
  }
  return targets;
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export async function loadTarget(file: string): Promise<FuzzTarget> {
  const { seeds, read, words, fix } = (await import(pathToFileURL(file).href)) as Partial<FuzzTarget>;
  if (seeds === undefined || Object.keys(seeds).length === 0 || typeof read !== 'function') {
    throw new Error(`fuzz target ${file}: must export seeds and read`);
  }
  return { seeds, read, ...(words !== undefined && { words }), ...(fix !== undefined && { fix }) };
}
