/**
 * Every function and class that a package exports says what it does, in a doc comment before it: shapes, units and
 * errors where there are any. What is exported follows from the package's manifest and its index files.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** @returns one line per export without a comment, empty when all is well */
export function checkDocComments(root: string): string[] {
  const packages = join(root, 'packages');
  return readdirSync(packages).flatMap((name) => {
    const manifest = join(packages, name, 'package.json');
    if (!existsSync(manifest)) return [];
    const { exports = {} } = JSON.parse(readFileSync(manifest, 'utf8')) as { exports?: Exports };
    const files = typeof exports === 'string' ? [exports] : Object.values(exports);
    const found = files
      .filter((file) => file.endsWith('.ts') && !file.includes('/test-support/'))
      .flatMap((file) => undocumented(join(packages, name, file), 'everything'));
    return [...new Set(found)].map((place) => relative(root, place));
  });
}

type Exports = string | Readonly<Record<string, string>>;
type Names = 'everything' | ReadonlySet<string>;

const reexport = /^export\s+(?!type\b)(\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s+'(\.[^']+)'/gm;
const definition =
  /(\*\/\n)?^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\s*\*?|class)\s+(\w+)/gm;

/** Of a file and what it re-exports. */
function undocumented(file: string, names: Names): string[] {
  const text = readFileSync(file, 'utf8');
  const own = [...text.matchAll(definition)]
    .filter(([, comment, name]) => comment === undefined && (names === 'everything' || names.has(name)))
    .map(({ index, 2: name }) => {
      const line = text.slice(0, index).split('\n').length;
      return `${file}:${line}: ${name} is exported by its package and has no doc comment`;
    });
  const others = [...text.matchAll(reexport)].flatMap(([, clause, specifier]) => {
    const target = join(dirname(file), specifier);
    if (clause.startsWith('*')) return undocumented(target, 'everything');
    const listed = clause
      .replaceAll(/[{}]/g, '')
      .split(',')
      .map((part) => part.trim().split(/\s+as\s+/))
      .filter(([name, exported = name]) => names === 'everything' || names.has(exported))
      .map(([name]) => name);
    return undocumented(target, new Set(listed));
  });
  return [...own, ...others];
}
