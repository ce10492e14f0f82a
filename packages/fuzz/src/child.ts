/**
 * One target in a separate process. Tells its parent by messages what it is at, what it found, and the end.
 * Arguments: target file, target name, first mutant, number of mutants, memory limit in bytes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@vssm/core';
import { corpusOf, mutantOf, type NamedInput } from './inputs.ts';
import type { FromChild } from './run-target.ts';
import { loadTarget } from './target.ts';

const [file, name, first, count, memoryLimit] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'vssm-fuzz-'));
const path = join(folder, 'input');
const counts = { read: 0, refused: 0 };

try {
  const target = await loadTarget(file);
  // Every whole seed must be read, or its mutants would all fail at the same place.
  for (const [seed, bytes] of Object.entries(target.seeds)) {
    tell({ kind: 'at', input: `seed ${seed}` });
    writeFileSync(path, bytes);
    await target.read({ bytes: Buffer.from(bytes), path });
  }
  if (Number(first) === 0) for (const input of corpusOf(name)) await attempt(input);
  for (let number = Number(first); number < Number(first) + Number(count); number++) {
    await attempt(mutantOf(target, number));
  }
  tell({ kind: 'end', ...counts, peakBytes: process.resourceUsage().maxRSS * 1024 });

  async function attempt(input: NamedInput): Promise<void> {
    tell({ kind: 'at', input: input.name });
    writeFileSync(path, input.bytes);
    try {
      await target.read({ bytes: input.bytes, path });
      counts.read++;
    } catch (error) {
      if (!(error instanceof UserError)) return found(input, describe(error));
      counts.refused++;
    }
    const bytes = process.memoryUsage.rss();
    if (bytes > Number(memoryLimit)) found(input, `takes ${bytes} bytes of memory`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  if (process.connected) process.disconnect();
}

function found(input: NamedInput, problem: string): void {
  tell({ kind: 'finding', input: input.name, problem, bytes: input.bytes.toString('base64') });
}

function describe(error: unknown): string {
  return error instanceof Error
    ? (error.stack ?? String(error)).split('\n').slice(0, 4).join('\n')
    : String(error);
}

function tell(message: FromChild): void {
  process.send!(message);
}
