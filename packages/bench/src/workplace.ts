/** What every task is carried out with. */

import type { Answerer, Backend, LoadedModel } from '@vssm/backend';
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import type { AccuracyRecord, Results } from '@vssm/results';
import { interruptible } from './interruption.ts';

export interface Workplace {
  readonly backend: Backend;
  /** As records name it. */
  readonly described: AccuracyRecord['backend'];
  /** Threads of one run. */
  readonly threads: number;
  readonly results: Results;
  /** True once the run should stop at the next seam. */
  readonly stopping: () => boolean;
  /** Share of the task that an earlier run had done, 0 … 1. */
  readonly found: (share: number) => void;
  /** Share of the task that has just been done, 0 … 1. */
  readonly advance: (share: number) => void;
}

/** `found`: there was nothing left to do, and no record was written. */
export type RunState = 'done' | 'found' | 'stopped';

/** A row that cannot be finished; the run goes on with the others. */
export class TaskFailure extends UserError {}

/** @param contributions whether its predictions tell what the classifier reads; of backends that can */
export async function loadModel(
  { backend, threads }: Pick<Workplace, 'backend' | 'threads'>,
  spec: ModelSpec,
  weights: Weights,
  plan: PruningPlan,
  contributions = false,
): Promise<LoadedModel> {
  try {
    return await interruptible(() => backend.load({ spec, weights, plan, threads, contributions }));
  } catch (error) {
    throw error instanceof UserError ? new TaskFailure(error.message, { cause: error }) : error;
  }
}

/** The same answerer, whose failures are the row's and not the run's. */
export function failing<Image, Answer>(answerer: Answerer<Image, Answer>): Answerer<Image, Answer> {
  return {
    async answer(batch, lane) {
      try {
        return await answerer.answer(batch, lane);
      } catch (error) {
        throw error instanceof UserError ? new TaskFailure(error.message, { cause: error }) : error;
      }
    },
    dispose: () => answerer.dispose(),
  };
}
