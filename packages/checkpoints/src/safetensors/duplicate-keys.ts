/** JSON.parse keeps the last of several equal keys without a word; a header with two readings is refused. */
import { UserError } from '@vssm/core';
import { quoted } from '../tensor-names.ts';

/** @param json text that JSON.parse has accepted */
export function checkKeysOnce(json: string): void {
  /** The keys seen so far of each open object; undefined for an open array. */
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(undefined);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = stringEnd(json, i);
      if (isKey(json, end)) {
        const key: string = JSON.parse(json.slice(i, end));
        const keys = open.at(-1)!;
        if (keys.has(key)) throw new UserError(`its header names ${quoted(key)} twice; the file is refused`);
        keys.add(key);
      }
      i = end - 1;
    }
  }
}

/** One past the closing quote of the string that begins at `start`. */
function stringEnd(json: string, start: number): number {
  let i = start + 1;
  while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
  return i + 1;
}

function isKey(json: string, end: number): boolean {
  let i = end;
  while (' \t\r\n'.includes(json[i])) i++;
  return json[i] === ':';
}
