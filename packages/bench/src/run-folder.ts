/** A run folder while work is done in it: its results file, the signals that stop the work, and the line of progress. */
import { openResults, type Results } from '@vssm/results';
import type { OpenedBackend } from './backends.ts';
import { type Interruption, listenForInterruption } from './interruption.ts';
import type { Progress } from './progress.ts';
import type { Workplace } from './workplace.ts';

export interface RunFolder {
  readonly results: Results;
  readonly interruption: Interruption;
  /** True once the work should stop at its next seam. */
  readonly stopping: () => boolean;
}

interface FolderRequest {
  readonly out: string;
  readonly progress: Progress;
  /** How long the current piece of work may take to end after a signal, ms. Default: as `listenForInterruption`. */
  readonly graceMs?: number | undefined;
}

/**
 * Opens the folder, says what had to be repaired in it, and closes it whatever becomes of the work.
 *
 * @param first what the first signal makes it do, as people are told: "finishing the current batch"
 * @throws UserError for a folder in use, a full disk; and what the work throws
 */
export async function inRunFolder<Outcome>(
  { out, progress, graceMs }: FolderRequest,
  first: string,
  work: (folder: RunFolder) => Promise<Outcome>,
): Promise<Outcome> {
  const results = openResults(out);
  const interruption = listenForInterruption(
    (signal) => progress.say(`${signal}: ${first}; once more to stop at once`),
    graceMs,
  );
  try {
    for (const repair of results.repairs) progress.say(repair);
    return await work({ results, interruption, stopping: () => interruption.signal !== null });
  } finally {
    interruption.release();
    progress.end();
    results.close();
  }
}

/** @param estimate of the task, ms; shares of it are told to progress */
export function workplaceIn(
  { results, stopping }: RunFolder,
  {
    backend,
    threads,
    progress,
  }: { readonly backend: OpenedBackend; readonly threads: number; readonly progress: Progress },
  estimate: number,
  { latency = false } = {},
): Workplace {
  return {
    backend: latency ? backend.latency : backend.backend,
    described: { name: backend.name, form: backend.form },
    threads,
    results,
    stopping,
    found: (share) => progress.found(share * estimate),
    advance: (share) => progress.advance(share * estimate),
  };
}
