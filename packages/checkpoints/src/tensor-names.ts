/** Names of tensors as they come out of a stranger's file: which are refused, and how a message shows them. */
import { UserError } from '@vssm/core';

/** Some of the names in a file, by the model's own names, and an account of the others. */
export interface ChosenNames<T> {
  readonly kept: ReadonlyMap<string, T>;
  /** As `name: why`. */
  readonly ignored: readonly string[];
}

/** Names become keys of objects and lines of reports; nothing honest is called like these. */
export function checkName(name: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (name === '' || name === '__proto__' || name.length > 512 || /[\u0000-\u001f\u007f]/.test(name)) {
    throw new UserError(`names a tensor ${quoted(name)}; such a name is refused`);
  }
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
