/** The kernels' memory for images of one size: whatever of such an image kernels read or write lies there. */
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
