/** What each kind of head offers to a worker thread: a model of its own that answers one image at a time. */

import type { KeptWatch } from '@vssm/backend-cpu';
import type { PruningPlan, Weights } from '@vssm/core';
import type { PreparedImage } from '@vssm/datasets';
import type { VisionSpec } from '@vssm/vision-tasks';
import type { VisionAnswer, VisionAsk } from '../messages.ts';
import type { VisionPart } from '../part-times.ts';

export interface HeadOptions {
  readonly threads: number;
  /** Called at the end of each part. */
  readonly stopwatch: (part: VisionPart) => void;
  readonly kept: KeptWatch;
}

export interface HeadModel {
  answer(ask: VisionAsk): Promise<VisionAnswer>;
  dispose(): Promise<void>;
}

export type OpenHead<Spec extends VisionSpec> = (
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
