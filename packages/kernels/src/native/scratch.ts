/** Where the native kernels find their scratch in the memory that they share with the WebAssembly module. */
import { workspaceBytes } from '../rows.ts';
import type { Addon } from './addon.ts';

/** Byte offset: the last part of the kernels' own bytes. */
export function scratchOf(addon: Pick<Addon, 'workspaceBytes'>): number {
  return workspaceBytes - addon.workspaceBytes;
}
