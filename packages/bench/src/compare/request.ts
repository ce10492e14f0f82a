/** What is compared with what. */
import type { PruningPlan } from '@vssm/core';
import type { ExecutionPath, PathOptions } from '../execution-paths.ts';
import type { Progress } from '../progress.ts';
import type { ReadyModel } from '../resources.ts';
import type { SpeedBudget } from '../speed-budget.ts';
import type { ComparedImages } from './images.ts';

export interface CompareRequest {
  readonly model: Omit<ReadyModel, 'id'>;
  readonly plans: readonly PruningPlan[];
  readonly paths: readonly ExecutionPath[];
  /** True: the paths were named by the user. */
  readonly pathsAsked: boolean;
  readonly images: ComparedImages;
  /** The reference answers this many of the images, the first ones. */
  readonly referenceImages: number;
  /** Time that one path has for the reference's images, and again for all; the first batch is always run. */
  readonly budgetMs: number;
  /** Batch sizes to time. */
  readonly batches: readonly number[];
  readonly speedBudget: SpeedBudget;
  readonly threads: number;
  readonly pathOptions: PathOptions;
  /** Run folder. */
  readonly out: string;
  /** As typed, one argument per element. */
  readonly command: readonly string[];
  readonly progress: Progress;
}
