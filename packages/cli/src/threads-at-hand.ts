/** The threads of a command: those asked for, or fewer with a word where memory carries no more. */
import { type MemoryAtHand, threadsWithinMemory } from '@vssm/bench';
import type { ModelSpec } from '@vssm/families';
import { note } from './output.ts';

/** @param specs of the models that are loaded at the same time */
export function threadsAtHand(backend: string, specs: readonly ModelSpec[], asked: number): number {
  return threadsWithinMemory(backend, specs, asked, memoryAtHand());
}

export function memoryAtHand(): MemoryAtHand {
  return { available: process.availableMemory(), say: note };
}
