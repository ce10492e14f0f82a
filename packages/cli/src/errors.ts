/**
 * One line for what a user can fix; a stack trace for what is our bug. Messages quote files of unknown origin, so
 * nothing in them reaches the terminal unescaped.
 */
import { printable, printableLines, UserError } from '@vssm/core';

const systemErrors: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'is a folder, a file is needed',
  EEXIST: 'is there already, and a folder is needed; give another path',
  ENOTDIR: 'a part of the path is not a folder',
  ENOSPC: 'the disk is full; free some space and run the same command again',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
  ELOOP: 'is a link that leads in a circle',
};

export function explain(error: unknown): string {
  if (error instanceof UserError) return `error: ${printable(error.message)}`;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    const meaning = systemErrors[error.code];
    const path = 'path' in error && typeof error.path === 'string' ? `${error.path}: ` : '';
    if (meaning !== undefined) return `error: ${printable(path)}${meaning}`;
  }
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `unexpected error, please report it: ${printableLines(what)}`;
}
