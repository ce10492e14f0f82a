/**
 * Peak memory of one rival: the largest resident size of a process that opens it, runs it and does nothing else,
 * from its very start, so that Node, ONNX Runtime, the weights and their making are all in it.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { TaskFailure } from '../workplace.ts';
import type { Mode } from './modes.ts';
import type { RivalSetup } from './rival.ts';

export interface MemoryRequest {
  readonly setup: RivalSetup;
  readonly mode: Mode;
}

/** Bytes. Throws a TaskFailure when the process fails. */
export async function measurePeakMemory(request: MemoryRequest): Promise<number> {
  const bytes = Number(await answerOfProcess(request));
  if (!Number.isInteger(bytes) || bytes <= 0) throw new TaskFailure('peak memory: no number came back');
  return bytes;
}

async function answerOfProcess(request: MemoryRequest): Promise<string> {
  const script = fileURLToPath(new URL('./memory-process.ts', import.meta.url));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(request)], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    return stdout;
  } catch (error) {
    const lines = String((error as { stderr?: string }).stderr ?? error).split('\n');
    const reason = lines.find((line) => /^\w*Error\b/.test(line)) ?? 'it said nothing';
    throw new TaskFailure(`peak memory: its process failed: ${reason}`, { cause: error });
  }
}

/**
 * Peak resident size of this process so far, bytes. On Linux, `maxRSS` of a process begins at that of whoever
 * started it, so the kernel's own high-water mark of the address space is read instead.
 */
export function ownPeakMemory(): number {
  try {
    const [, kibibytes] = readFileSync('/proc/self/status', 'utf8').match(/^VmHWM:\s*(\d+) kB$/m)!;
    return Number(kibibytes) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
