/**
 * The libraries that the workspace needs to run, as they are installed, with their licences: everything that a
 * package's `dependencies` lead to; tools of development are left aside.
 */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Licensed {
  readonly name: string;
  readonly version: string;
  /** SPDX, as the library's package.json says. */
  readonly licence: string;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string | { readonly type?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** What may be linked into a program under the MIT licence without further ado. */
export const permissive: readonly string[] = [
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  '0BSD',
  'BlueOak-1.0.0',
  'Unlicense',
  'CC0-1.0',
];

/** Of packages whose manifest says nothing: read in their LICENSE file, for this version. */
const readByHand: Readonly<Record<string, string>> = { 'jstat@1.9.6': 'MIT' };

/** Sorted by name and version. Builds for one system or another (optional dependencies) are
 * not in it, so that it is the same on every machine. */
export function licences(root: string): Licensed[] {
  const found = new Map<string, Licensed>();
  const seen = new Set<string>();
  const visit = (folder: string) => {
    if (seen.has(folder)) return;
    seen.add(folder);
    const manifest = readManifest(folder);
    const own = !manifest.name.startsWith('@vssm/');
    if (own) {
      const { name, version, license } = manifest;
      const stated = typeof license === 'string' ? license : license?.type;
      const licence = stated ?? readByHand[`${name}@${version}`] ?? 'not stated';
      found.set(`${name}@${version}`, { name, version, licence });
    }
    // Optional ones are builds for one system or another.
    const optional = Object.keys(manifest.optionalDependencies ?? {});
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      const place = optional.includes(name) ? null : resolve(folder, name);
      if (place !== null) visit(place);
    }
  };
  for (const group of ['packages', 'benchmarks', 'datasets']) {
    for (const name of readdirSync(join(root, group))) {
      const folder = join(root, group, name);
      if (existsSync(join(folder, 'package.json'))) visit(folder);
    }
  }
  const key = ({ name, version }: Licensed) => `${name}@${version}`;
  return [...found.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** The real folder of a dependency, looked for as Node does; null where it is not installed. */
function resolve(from: string, name: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name);
    if (existsSync(join(place, 'package.json'))) return realpathSync(place);
    if (folder === dirname(folder)) return null;
  }
}
