/**
 * Holds the workspace against the import table. A package can import only what its package.json declares (pnpm
 * links nothing else), so declarations are checked, and sources only for what gets round them: paths into
 * another package, and imports that nobody declared.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { typeScriptBelow } from './sources.ts';
import { benchmarksMayImport, everything, mayImport, onnxRuntimePackages, testsMayImport } from './table.ts';
import { telemetryBreach } from './telemetry.ts';

/** Files beyond this length are asking to be two. */
const longestFile = 400;

/** Tests and what serves them, and what is started by hand: builds, measurements, pictures for the documentation. */
const testCode = /\.(?:test|fuzz)\.ts$|\/(?:test-support|pictures)\/|^\w+\/[\w-]+\/(?!src\/)/;

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** @returns one line per breach, empty when all is well */
export function checkWorkspace(root: string): string[] {
  return ['packages', 'benchmarks', 'datasets'].flatMap((group) =>
    folders(join(root, group))
      .filter((folder) => existsSync(join(folder, 'package.json')))
      .flatMap((folder) => checkPackage(root, group, folder)),
  );
}

function checkPackage(root: string, group: string, folder: string): string[] {
  const place = relative(root, folder);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const declared = { ...manifest.dependencies, ...manifest.devDependencies };
  const running = manifest.dependencies ?? {};
  const short = place.slice(group.length + 1);
  const allowed = group === 'packages' ? mayImport[short] : benchmarksMayImport;
  if (allowed === undefined)
    return [`${place}: not in the import table (packages/workspace-lint/src/table.ts)`];

  const breaches: string[] = [];
  for (const name of Object.keys(declared)) {
    const target = /^@vssm\/(.+)$/.exec(name)?.[1];
    const open = target === undefined || target === 'core' || allowed.includes(everything);
    const inTests = !(name in running) && testsMayImport[short]?.includes(target ?? '');
    if (!open && !allowed.includes(target) && !inTests) {
      breaches.push(`${place}: may not import ${name}${name in running ? '' : ', not in tests either'}`);
    }
    if (/^onnxruntime-/.test(name) && !onnxRuntimePackages.includes(short)) {
      breaches.push(`${place}: may not import ${name}; only ${onnxRuntimePackages.join(', ')} may`);
    }
  }
  for (const file of sources(folder)) {
    const text = readFileSync(file, 'utf8');
    const at = relative(root, file);
    for (const specifier of imports(text)) {
      if (specifier.startsWith('.')) {
        const target = resolve(dirname(file), specifier);
        if (relative(folder, target).startsWith('..')) {
          breaches.push(`${at}: imports "${specifier}" from another package; import the package by its name`);
        }
        continue;
      }
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
      if (!name.startsWith('node:') && name !== manifest.name && !(name in declared) && name !== 'vitest') {
        breaches.push(`${at}: imports "${name}", which ${place}/package.json does not declare`);
      } else if (name in declared && !(name in running) && !testCode.test(at)) {
        breaches.push(
          `${at}: imports "${name}", which ${place}/package.json declares for tests only (devDependencies)`,
        );
      }
    }
    const telemetry = /\.test\.ts$/.test(file) ? undefined : telemetryBreach(text);
    if (telemetry !== undefined) breaches.push(`${at}: ${telemetry}`);
    const lines = text.split('\n').length - 1;
    if (lines > longestFile)
      breaches.push(`${at}: ${lines} lines; a file is one concept and at most ${longestFile} lines`);
  }
  return breaches;
}

/** Specifiers of static imports and re-exports, and of dynamic imports of a literal. */
function imports(source: string): string[] {
  const statements =
    /^\s*(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm;
  const calls = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;
  return [...source.matchAll(statements), ...source.matchAll(calls)].map((match) => match[1] ?? match[2]);
}

function sources(folder: string): string[] {
  return typeScriptBelow(folder).filter(
    (file) => !file.endsWith('.asm.ts') && !/(^|\/)testdata\//.test(relative(folder, file)),
  );
}

function folders(parent: string): string[] {
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(parent, entry.name));
}
