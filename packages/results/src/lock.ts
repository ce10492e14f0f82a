/**
 * One writer per run folder: a lock file that names its owner. A lock whose owner is gone (killed, crashed) is
 * taken over; one of another machine is not, because nobody here can tell whether it still runs.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { writeError } from '@vssm/core/files';
import { z } from 'zod';

export const lockFileName = 'lock.json';

const ownerSchema = z.object({
  id: z.string().max(100),
  pid: z.number().int().min(1),
  host: z.string().max(300),
  /** Start of the process in the system's own count, so that a reused pid is not taken for its first owner. */
  started: z.string().max(100).nullable(),
  since: z.string().max(100),
});
type Owner = z.infer<typeof ownerSchema>;

export interface FolderLock {
  release(): void;
}

/** @throws UserError naming the process that holds the folder */
export function lockFolder(folder: string): FolderLock {
  const file = join(folder, lockFileName);
  const owner: Owner = {
    id: randomUUID(),
    pid: process.pid,
    host: hostname(),
    started: processStart(process.pid),
    since: new Date().toISOString(),
  };
  const draft = `${file}.${owner.id}`;
  try {
    writeFileSync(draft, `${JSON.stringify(owner)}\n`, { flag: 'wx' });
    // A link appears whole or not at all, and never over another one.
    while (!tryLink(draft, file)) takeOverIfStale(file, folder);
  } catch (error) {
    throw writeError(file, error);
  } finally {
    rmSync(draft, { force: true });
  }
  held.add(owner.id);
  return {
    release() {
      held.delete(owner.id);
      if (readOwner(file)?.id === owner.id) rmSync(file, { force: true });
    },
  };
}

/** Locks of this very process. */
const held = new Set<string>();

function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a dead owner's lock, throws for a live one's. */
function takeOverIfStale(file: string, folder: string): void {
  const owner = readOwner(file);
  if (owner !== null && !isGone(owner)) {
    throw new UserError(
      `${folder}: process ${owner.pid} on ${owner.host} has been writing here since ${owner.since}; wait for it, choose another folder with --out, or delete ${file} if that process is gone`,
    );
  }
  // Moved aside rather than deleted: if a third process got in between, its lock is put back.
  const aside = `${file}.${randomUUID()}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (readOwner(aside)?.id !== owner?.id) tryLink(aside, file);
  rmSync(aside, { force: true });
}

/** Null for a lock that is gone or unreadable. */
function readOwner(file: string): Owner | null {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

function isGone(owner: Owner): boolean {
  if (owner.host !== hostname()) return false;
  if (owner.pid === process.pid) return !held.has(owner.id);
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: the process is there and belongs to someone else.
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
  const started = processStart(owner.pid);
  return owner.started !== null && started !== null && owner.started !== started;
}

/** Boot id and start tick of a process (Linux); null elsewhere. */
function processStart(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The command name, in brackets, may hold spaces; the start time is field 22 of the whole line.
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!;
    return `${boot} ${afterName.split(' ')[19]}`;
  } catch {
    return null;
  }
}
