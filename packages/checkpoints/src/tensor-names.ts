/** Names of tensors as they come out of a stranger's file: which are refused, what prefix they carry, how a
 * message shows them. */
import { UserError } from '@vssm/core';

/** What trainers put before every name: a wrapper's `model`, or DataParallel's `module`. */
const modelPrefixes = ['model.', 'module.'];

/** Names become keys of objects and lines of reports; nothing honest is called like these. */
export function checkName(name: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (name === '' || name === '__proto__' || name.length > 512 || /[\u0000-\u001f\u007f]/.test(name)) {
    throw new UserError(`names a tensor ${quoted(name)}; such a name is refused`);
  }
}

/** If any name begins with `model.` (or else `module.`), only those are the state dict; the prefix is taken off. */
export function underModelPrefix<T>(all: ReadonlyMap<string, T>): {
  readonly kept: ReadonlyMap<string, T>;
  readonly ignored: readonly string[];
} {
  const names = [...all.keys()];
  const prefix = modelPrefixes.find((candidate) => names.some((name) => name.startsWith(candidate)));
  return prefix === undefined ? { kept: all, ignored: [] } : underPrefix(all, prefix);
}

/** The names that begin with `prefix`, which is taken off; the others are listed. */
export function underPrefix<T>(
  all: ReadonlyMap<string, T>,
  prefix: string,
): { readonly kept: ReadonlyMap<string, T>; readonly ignored: readonly string[] } {
  const kept = new Map<string, T>();
  const ignored: string[] = [];
  for (const [name, value] of all) {
    if (name.startsWith(prefix)) kept.set(name.slice(prefix.length), value);
    else ignored.push(leftOut(name, `not under ${quoted(prefix)}`));
  }
  return { kept, ignored };
}

/** Control characters (a terminal would obey them) are escaped, endless names are cut. */
export function quoted(name: string): string {
  const short = name.length > 120 ? `${name.slice(0, 117)}...` : name;
  return JSON.stringify(short).replace(/[\u007f-\u009f\u2028-\u202e]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** A line of the account of what was not used. */
export function leftOut(name: string, why: string): string {
  return `${quoted(name).slice(1, -1)}: ${why}`;
}

/** The first names of a list, and how many more there are. */
export function listed(names: Iterable<string>, limit = 20): string {
  const all = [...names];
  const shown = all.slice(0, limit).map(quoted).join(', ');
  return all.length > limit ? `${shown} and ${all.length - limit} more` : shown;
}
