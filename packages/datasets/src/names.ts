/**
 * Names on disk are bytes. Those that are UTF-8, nearly all, are used as they are; of others (a Latin-1 `é` from an
 * old archive) every byte that does not fit is written `\xe9` wherever a name is needed as text, and the file is
 * opened by its bytes.
 */
import { isUtf8 } from 'node:buffer';
import { sep } from 'node:path';

/** A path as `node:fs` takes it: as bytes where text could not hold it. */
export type DiskPath = string | Buffer;

/** A name as text; no two different names of one folder give the same, unless somebody means them to. */
export function nameAsText(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((count) => isOneCharacter(bytes.subarray(at, at + count)));
    text +=
      length === undefined
        ? `\\x${bytes[at].toString(16).padStart(2, '0')}`
        : bytes.toString('utf8', at, at + length);
    at += length ?? 1;
  }
  return text;
}

/** The path of an entry of a folder. */
export function entryPath(dir: DiskPath, name: Buffer): DiskPath {
  if (typeof dir === 'string' && isUtf8(name)) {
    const text = name.toString('utf8');
    return dir.endsWith(sep) ? dir + text : `${dir}${sep}${text}`;
  }
  return Buffer.concat([Buffer.from(dir), Buffer.from(sep), name]);
}

/** A path for messages. */
export function pathAsText(path: DiskPath): string {
  return typeof path === 'string' ? path : nameAsText(path);
}

/** Valid, and not two characters. */
function isOneCharacter(bytes: Buffer): boolean {
  return isUtf8(bytes) && [...bytes.toString('utf8')].length === 1;
}
