/** Where the native kernels find their scratch in the memory that they share with the WebAssembly module. */
import { workspaceBytes } from '../rows.ts';

/** Byte offset: the last part of the kernels' own bytes. */
export function scratchOf(addon: { readonly workspaceBytes: number }): number {
  return workspaceBytes - addon.workspaceBytes;
}
