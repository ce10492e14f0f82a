/**
 * What a TypeScript file of this workspace leads to, read from its text: imports and re-exports with the names that
 * they take, and files named by a relative `new URL` (worker threads, compiled kernels, C sources).
 * Types are erased before anything runs, so imports of types lead nowhere.
 */

/** `everything`: the whole module, as `import * as`, `import()` and an import for its effects take it. */
export type Names = readonly string[] | 'everything';

export interface Import {
  readonly specifier: string;
  readonly names: Names;
  /** What the names are called in this file, in the same order; absent for `everything`. */
  readonly locals?: readonly string[];
}

export interface Reexport {
  readonly specifier: string;
  /** Exported name → name in the module it comes from, `*` for the whole of it; undefined for `export *`. */
  readonly names: ReadonlyMap<string, string> | undefined;
}

export interface ModuleText {
  readonly imports: readonly Import[];
  readonly reexports: readonly Reexport[];
  /** Names that the file itself defines and exports. */
  readonly defined: ReadonlySet<string>;
  /** Relative paths of `new URL`; one that ends in a slash is a folder. */
  readonly files: readonly string[];
  /** The text without comments and imports. */
  readonly body: string;
}

const importStatement = /^import\s+(?!type\b)(?:([^'";]+?)\s+from\s+)?'([^']+)'/gm;
const typeStatement = /^(?:import|export)\s+type\b[^'";]*?\bfrom\s+'[^']+'/gm;
const reexportStatement = /^export\s+(?!type\b)(\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s+'([^']+)'/gm;
const localExports = /^export\s+\{([^}]*)\}(?!\s*from)/gm;
const definition =
  /^export\s+(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\s*\*?|class|const|let|enum|interface|type)\s+(\w+)/gm;
const dynamicImport = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;
const fileUrl =
  /\bnew URL\(\s*(['"`])(\.\.?\/[^'"`]*)\1,\s*(?:import\.meta\.url|import\.meta\.resolve\('([^']+)'\))/g;
/** Every `from '…'` at the end of a statement, to be sure that none was overlooked. */
const anyFrom = /^(?:import|export)\b[^;]*?\bfrom\s+'[^']+'/gm;

/** @throws Error for a statement that is not understood: better no key than a key that misses a file */
export function readModule(source: string, name: string): ModuleText {
  const text = source.replaceAll(/^\s*(?:\*|\/\*|\/\/).*$/gm, '');
  const imports: Import[] = [...text.matchAll(importStatement)].map(([, clause, specifier]) => {
    if (clause === undefined || clause.includes('*')) return { specifier, names: 'everything' };
    const named = importedNames(clause);
    const [names, locals] = [named.map(([, original]) => original), named.map(([local]) => local)];
    return { specifier, names, locals };
  });
  for (const [, specifier] of text.matchAll(dynamicImport)) imports.push({ specifier, names: 'everything' });
  const reexports = [...text.matchAll(reexportStatement)].map(([, clause, specifier]): Reexport => {
    if (clause === '*') return { specifier, names: undefined };
    const space = /^\*\s+as\s+(\w+)$/.exec(clause)?.[1];
    return { specifier, names: new Map(space === undefined ? specifiers(clause) : [[space, '*']]) };
  });
  const statements = [...text.matchAll(anyFrom)].length;
  const understood =
    [...text.matchAll(importStatement)].filter(([, clause]) => clause !== undefined).length +
    [...text.matchAll(typeStatement)].length +
    reexports.length;
  if (statements !== understood) {
    throw new Error(`${name}: ${statements - understood} imports are not understood by the module graph`);
  }
  const defined = new Set([...text.matchAll(definition)].map((match) => match[1]));
  for (const [, list] of text.matchAll(localExports)) {
    for (const [exported] of specifiers(list)) defined.add(exported);
  }
  if (/^export default\b/m.test(text)) defined.add('default');
  const body = text.replaceAll(typeStatement, '').replaceAll(importStatement, '');
  return { imports, reexports, defined, files: filesOf(text), body };
}

function importedNames(clause: string): [local: string, original: string][] {
  const list = /\{([^}]*)\}/.exec(clause);
  const named = list === null ? [] : specifiers(list[1]);
  const [standard] = /^\w+/.exec(clause) ?? [];
  return standard === undefined ? named : [[standard, 'default'], ...named];
}

/** `a, b as c, type D` → exported name and original one; types are left out. */
function specifiers(list: string): [exported: string, original: string][] {
  return list
    .replaceAll(/[{}]/g, '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '' && !part.startsWith('type '))
    .map((part) => {
      const [original, exported] = part.split(/\s+as\s+/);
      return [exported ?? original, original];
    });
}

/** A template such as `../page/${file}` may mean any file of its folder. */
function filesOf(text: string): string[] {
  return [...text.matchAll(fileUrl)].map(([, quote, path, base]) => {
    const named = quote === '`' ? path.slice(0, path.search(/[^/]*\$\{|$/)) : path;
    return base === undefined ? named : `${base}!${named}`;
  });
}
