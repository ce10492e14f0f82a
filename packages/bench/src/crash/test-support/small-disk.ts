/** A small file system in memory, where this account may mount one. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  remount(options: string): void;
  remove(): void;
}

/** @returns null where nothing may be mounted */
export function mountSmallDisk(kilobytes: number): SmallDisk | null {
  const folder = mkdtempSync(join(tmpdir(), 'vssm-disk-'));
  const mount = (...args: readonly string[]) => spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
  const mounted =
    process.platform === 'linux' && mount('-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'none', folder);
  if (!mounted) {
    rmSync(folder, { recursive: true });
    return null;
  }
  return {
    folder,
    remount(options) {
      if (!mount('-o', `remount,${options}`, folder)) throw new Error(`${folder}: remount ${options} failed`);
    },
    remove() {
      spawnSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    },
  };
}
