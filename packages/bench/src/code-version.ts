/**
 * The code that results depend on, as hashes of sources. An edit of the method gives new keys without anybody
 * having to remember it; an edit of the report or the command line does not, and an edit of one backend leaves
 * the results of the others alone: what counts is what the backend's package depends on, as package.json says.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const packagesFolder = fileURLToPath(new URL('../../', import.meta.url));

/** Hashes that go into keys. */
export interface MeasuringCode {
  /** From the files of a model and a data set to predictions. */
  readonly evaluation: string;
  /** From random weights to times; data sets and metrics have no part in it. */
  readonly timing: string;
}

/** Packages of the backends by name; a backend that is not here depends on all of them. */
const backendPackages: Readonly<Record<string, string>> = {
  reference: 'backend',
  cpu: 'backend-cpu',
  webgpu: 'backend-webgpu',
  wasm: 'backend-webgpu',
  'webgpu-node': 'backend-webgpu',
  cuda: 'backend-cuda',
};

const everyBackend = ['backend', 'backend-cpu', 'backend-cuda', 'backend-webgpu'];

/** What turns files into pixels and weights, and answers into accuracies. */
const dataPackages = ['checkpoints', 'datasets', 'metrics'];

/** Files of this package that measure. */
const ownFiles = {
  evaluation: ['accuracy.ts', 'images.ts', 'strip.ts'],
  timing: ['speed.ts', 'speed-statistics.ts', 'rivals'],
  dense: ['dense'],
} as const;

/** Parts of a package that run: sources (C among them, which is compiled where it is used) and compiled kernels. */
const runFolders = ['src', 'wasm'];

/** Of everything that measures, on any backend: for the header of a run. SHA-256, hex. */
export function codeVersion(folder: string = packagesFolder): string {
  const packages = dependencies(folder, [...everyBackend, ...dataPackages]);
  return hashOf(folder, packages, [...ownFiles.evaluation, ...ownFiles.timing]);
}

/** Of what results on one backend depend on. */
export function measuringCode(backend: string, folder: string = packagesFolder): MeasuringCode {
  const own = Object.hasOwn(backendPackages, backend) ? [backendPackages[backend]] : everyBackend;
  return {
    evaluation: hashOf(folder, dependencies(folder, [...own, ...dataPackages]), ownFiles.evaluation),
    timing: hashOf(folder, dependencies(folder, own), ownFiles.timing),
  };
}

/** Of what detections and label maps depend on; they are computed by the CPU backend alone. */
export function denseCode(folder: string = packagesFolder): string {
  return hashOf(folder, dependencies(folder, ['backend-cpu', 'dense', ...dataPackages]), ownFiles.dense);
}

/** The packages and all that they depend on in this workspace. */
function dependencies(folder: string, names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  const add = (name: string) => {
    const file = join(folder, name, 'package.json');
    if (found.has(name) || !existsSync(file)) return;
    found.add(name);
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as { dependencies?: Record<string, string> };
    for (const dependency of Object.keys(manifest.dependencies ?? {})) {
      if (dependency.startsWith('@vssm/')) add(dependency.slice('@vssm/'.length));
    }
  };
  for (const name of names) add(name);
  return [...found];
}

function hashOf(folder: string, packages: readonly string[], own: readonly string[]): string {
  const files = packages.flatMap((name) => runFolders.flatMap((part) => sources(join(folder, name, part))));
  for (const name of own) {
    const path = join(folder, 'bench', 'src', name);
    files.push(...(name.endsWith('.ts') ? [path] : sources(path)));
  }
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
    .filter((entry) => entry.isFile() && !/\.(?:test|test-data|fuzz|asm)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
