/** For the tests: a twin's answer to a case, computed once for all implementations that run the same cases. */
import { createHash } from 'node:crypto';
import { workspaceBytes } from '../rows.ts';
import type { RandomCase } from './random-case.ts';

const answers = new Map<string, unknown>();

/** By the twin, the options, and all that the case's memory holds behind the kernels' own scratch. */
export function twinOf<Options, Answer>(
  twin: (buffer: ArrayBufferLike, options: Options) => Answer,
  { arena }: RandomCase,
  options: Options,
): Answer {
  const { buffer } = arena.memory;
  const key = createHash('sha256')
    .update(JSON.stringify([twin.name, options]))
    .update(new Uint8Array(buffer, workspaceBytes, arena.usedBytes - workspaceBytes))
    .digest('base64');
  if (!answers.has(key)) answers.set(key, twin(buffer, options));
  return answers.get(key) as Answer;
}
