/**
 * Where a model family may be named: in its own folder, in the tables that list the families, in a backend's mixer of
 * it, in the training engine's folder for it, in tests and in declarations of benchmarks. Anywhere else a mention is a decision that a new family would have to
 * find again, and that stays silent if it is forgotten; what is decided there belongs into the contract
 * (packages/families/src/family.ts).
 *
 * A mention is the name as a string ('vim'), the beginning of a string that something is compared with
 * (startsWith('vim-')), or a part of an identifier (VimSpec, createVimMixer). Prose in strings and comments is free.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { codeOf } from './code-of.ts';
import { typeScriptBelow } from './sources.ts';

const tests = /(^|\/)(test-support|testdata|assembly|node_modules)\/|\.(test|fuzz|bench)\.ts$/;

/** Paths that may name any family, and why. */
const tables: readonly RegExp[] = [
  // The tables of the contract, and what the package exports.
  /^packages\/families\/src\/(table|index|graph|schema)\.ts$/,
  /^packages\/families\/src\/(graph|checkpoint)\/table\.ts$/,
  // One table of mixers per backend.
  /^packages\/backend-cpu\/src\/segments\/table\.ts$/,
  /^packages\/backend-webgpu\/src\/page\/gpu\/table\.ts$/,
  // One table of gradients.
  /^packages\/train\/src\/table\.ts$/,
  // Declarations of benchmarks, and rows that several tables share.
  /^benchmarks\//,
  /^packages\/bench\/src\/(arms|index)\.ts$/,
  /^packages\/cli\/src\/commands\/bench\.ts$/,
  // Detectors and segmenters are published around one backbone each.
  /^packages\/vision-tasks\/src\//,
  /^packages\/(backend-cpu|bench)\/src\/vision\//,
  /^packages\/train\/src\/segmentation\//,
  /^packages\/cli\/src\/vision-stages\.ts$/,
];

/** @returns one line per mention, empty when all is well */
export function checkFamilyMentions(root: string): string[] {
  const families = familyNames(root);
  return ['packages', 'benchmarks', 'datasets']
    .flatMap((group) => typeScriptBelow(join(root, group)))
    .flatMap((file) => {
      const path = relative(root, file).split(sep).join('/');
      if (tests.test(path) || tables.some((allowed) => allowed.test(path))) return [];
      const others = families.filter((family) => !isRoomOf(path, family));
      return mentions(readFileSync(file, 'utf8'), others).map(
        ({ line, what, family }) =>
          `${path}:${line}: "${what}" names the family ${family}; ask the contract (packages/families/src/family.ts) instead`,
      );
    });
}

/** A family is a folder with a spec. */
export function familyNames(root: string): string[] {
  const folder = join(root, 'packages/families/src');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'spec.ts')));
}

/**
 * A folder or file called after the family, in the families' package, in a backend or in the training engine. Inside the families' package
 * every room may name every family: one may be made of another's blocks.
 */
function isRoomOf(path: string, family: string): boolean {
  if (/^packages\/families\/src\/[^/]+\/(.*\/)?[^/]+\.ts$/.test(path))
    return !/\/src\/(graph|checkpoint)\//.test(path);
  if (!/^packages\/(backend-[^/]+|train)\/src\//.test(path)) return false;
  return path
    .split('/')
    .some((part) => part.replace(/\.ts$/, '') === family || part.startsWith(`${family}-`));
}

export interface Mention {
  readonly line: number;
  readonly what: string;
  readonly family: string;
}

export function mentions(source: string, families: readonly string[]): Mention[] {
  const { code, strings } = codeOf(source);
  const found: Mention[] = [];
  for (const { text, line, before } of strings) {
    const family = families.find(
      (name) =>
        text === name || (/\.(startsWith|endsWith|includes)\(\s*$/.test(before) && text.startsWith(name)),
    );
    if (family !== undefined) found.push({ line, what: text, family });
  }
  for (const [at, text] of code.split('\n').entries()) {
    for (const [identifier] of text.matchAll(/[A-Za-z_$][\w$]*/g)) {
      const family = families.find((name) => isPartOf(name, identifier));
      if (family !== undefined) found.push({ line: at + 1, what: identifier, family });
    }
  }
  return found;
}

/** Whether words of an identifier make up the name: plain + Mamba in createPlainMambaMixer. */
function isPartOf(name: string, identifier: string): boolean {
  const words = identifier.split(/(?=[A-Z])|[_$]/).map((word) => word.toLowerCase());
  return words.some((_, first) => {
    let joined = '';
    for (const word of words.slice(first)) {
      joined += word;
      if (joined === name) return true;
      if (!name.startsWith(joined)) return false;
    }
    return false;
  });
}
