/** A memory of the kernels' own: whatever they read or write of an image lies there. */
import { Arena, createKernels, createMemory, type Kernels } from '@vssm/kernels';

export interface KernelPlace {
  readonly arena: Arena;
  readonly kernels: Kernels;
}

/** @param threads inside each kernel */
export async function kernelPlace(threads: number): Promise<KernelPlace> {
  const arena = new Arena(createMemory(), { limitBytes: 2 ** 32 });
  return { arena, kernels: await createKernels(arena.memory, { threads }) };
}
