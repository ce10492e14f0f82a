/** What each kind of head offers to a worker thread: a model of its own that answers one image at a time. */

import type { KeptWatch } from '@vssm/backend-cpu';
import type { PruningPlan, Weights } from '@vssm/core';
import type { PreparedImage } from '@vssm/datasets';
import type { DenseSpec } from '@vssm/vision-tasks';
import type { DenseAnswer, DenseAsk } from '../messages.ts';
import type { DensePart } from '../part-times.ts';

export interface HeadOptions {
  readonly threads: number;
  /** Called at the end of each part. */
  readonly stopwatch: (part: DensePart) => void;
  readonly kept: KeptWatch;
}

export interface HeadModel {
  answer(ask: DenseAsk): Promise<DenseAnswer>;
  dispose(): Promise<void>;
}

export type OpenHead<Spec extends DenseSpec> = (
  spec: Spec,
  weights: Weights,
  plan: PruningPlan,
  options: HeadOptions,
) => Promise<HeadModel>;

export function mapOf({ pixels, height, width }: PreparedImage) {
  return { channels: 3, height, width, values: pixels };
}

/** The network's input without its padding. */
export function inputOf({ scaled, scaleFactor }: PreparedImage) {
  return { ...scaled, scale: scaleFactor };
}
