/** What a person can do about a write that failed. */
import { UserError } from '../errors.ts';

const fixes: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space and run the same command again',
  EDQUOT: 'the disk quota is used up; free some space and run the same command again',
  EFBIG: 'the file system or a limit of this account allows no larger file; choose another folder',
  EROFS: 'the disk is read-only; choose another folder',
  EACCES: 'no permission to write; choose another folder',
  EPERM: 'no permission to write; choose another folder',
  EIO: 'the disk reports an error',
  ENOENT: 'its folder is not there; make it, or choose another one',
  ENOTDIR: 'its folder is a file; choose another one',
  EISDIR: 'is a folder; choose another name',
};

/** A UserError that names the file and the fix; anything unknown stays what it was. */
export function writeError(file: string, error: unknown): unknown {
  const fix = fixes[(error as NodeJS.ErrnoException).code ?? ''];
  if (fix === undefined) return error;
  return new UserError(`${file}: ${fix}; everything finished before is kept`, { cause: error });
}
