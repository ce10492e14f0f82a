/** `--threads`, for every command that has it. */

import { availableParallelism } from 'node:os';
import { counted } from '@vssm/core';
import { note } from '../output.ts';
import { whole } from './numbers.ts';

/** A whole number, at most as many threads as there are cores: more of them only take memory, each a model's. */
export function threadCount(text: string): number {
  const asked = whole('--threads', 1)(text);
  const cores = availableParallelism();
  if (asked <= cores) return asked;
  note(`--threads ${text}: this machine has ${counted(cores, 'core')}, so ${cores} it is`);
  return cores;
}
