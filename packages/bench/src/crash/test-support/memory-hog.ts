/**
 * Loaded before a run: one worker thread runs out of memory, once, while it loads a model (VSSM_TEST_WHEN=load)
 * or in the middle of a pruned model's chunk (run). The file VSSM_TEST_MARK says that it has happened.
 */
import { writeFileSync } from 'node:fs';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';

const { VSSM_TEST_MARK: mark, VSSM_TEST_WHEN: when } = process.env;

function exhaustMemory(): void {
  try {
    writeFileSync(mark!, '', { flag: 'wx' });
  } catch {
    return;
  }
  const hoard: unknown[] = [];
  for (;;) hoard.push(Array.from({ length: 1000 }, () => ({ kept: hoard.length })));
}

if (!isMainThread && when === 'load') exhaustMemory();
if (!isMainThread && when === 'run' && workerData.plan.schedule.length > 0) {
  parentPort!.once('message', exhaustMemory);
}
