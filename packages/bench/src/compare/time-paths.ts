/** Paths timed interleaved, one group of rounds for each batch size. */
import type { ModelSpec } from '@vssm/families';
import type { ComparisonRecord } from '@vssm/results';
import { median } from '@vssm/results/statistics';
import { randomBatch } from '../speed.ts';
import type { SpeedBudget } from '../speed-budget.ts';
import { timeInterleaved } from '../timing/interleaved.ts';
import type { LoadedPath } from './competitors.ts';

export type Timing = Extract<ComparisonRecord['outcome'], { state: 'measured' }>['timings'][number];

/**
 * A path that fails drops out, and the others begin again.
 *
 * @param failed told of each path that dropped out
 * @returns by path; null when stopped
 */
export async function timePaths<P>(
  paths: ReadonlyMap<P, LoadedPath>,
  spec: ModelSpec,
  batch: number,
  budget: SpeedBudget,
  stopping: () => boolean,
  failed: (path: P, error: unknown) => void,
): Promise<ReadonlyMap<P, Timing> | null> {
  const images = randomBatch(spec, batch);
  const running = new Map(paths);
  while (running.size > 0) {
    const names = [...running.keys()];
    let current = names[0];
    const runs = names.map((name) => async () => {
      current = name;
      const { latency, throughput } = running.get(name)!;
      const prediction = await (batch === 1 ? latency : throughput).run(images);
      if (prediction.failed !== undefined) throw new Error([...prediction.failed.values()][0]);
    });
    try {
      const timed = await timeInterleaved(runs, budget, { stopping, advance: () => {} });
      if (timed === null) return null;
      const { otherWork } = timed;
      return new Map(
        names.map((name, at) => {
          const samplesMs = timed.ms.map((round) => round[at] / batch);
          return [name, { batch, warmup: budget.warmup, samplesMs, medianMs: median(samplesMs), otherWork }];
        }),
      );
    } catch (error) {
      failed(current, error);
      running.delete(current);
    }
  }
  return new Map();
}
