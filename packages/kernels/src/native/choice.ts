/** Which implementation of the kernels runs: the WebAssembly module, or native code compiled on this machine. */
import { oneOf } from '@vssm/core';

export type KernelImplementation = 'wasm' | 'native';

const kernelChoices = ['auto', 'wasm', 'native'] as const;
/** `auto`: native where it can be had, else WebAssembly. */
export type KernelChoice = (typeof kernelChoices)[number];

/** The choice for a whole run: the environment variable VSSM_KERNELS, `auto` by default. Throws a UserError. */
export function kernelChoice(environment: NodeJS.ProcessEnv = process.env): KernelChoice {
  return oneOf('VSSM_KERNELS', environment.VSSM_KERNELS || 'auto', kernelChoices);
}
