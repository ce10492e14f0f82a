/**
 * Detectors and segmenters as what answers images: they differ in size, so every thread has a model of its own and
 * takes one image at a time. A thread that dies is replaced and its image tried again; an image that kills its thread
 * twice has no answer.
 */

import { type Answerer, type LoadedImage, Unanswered } from '@vssm/backend';
import { shareWeights, WorkerDied, WorkerLanes } from '@vssm/backend-cpu';
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import type { PreparedImage } from '@vssm/datasets';
import type { VisionSpec } from '@vssm/vision-tasks';
import type { AnsweredImage, VisionAsk, VisionSetup } from './messages.ts';

const workerModule = new URL('./worker.ts', import.meta.url);

export interface VisionPool extends Answerer<PreparedImage, AnsweredImage> {
  /** For tests that end a thread. */
  readonly lanes: WorkerLanes<VisionAsk, AnsweredImage>;
}

export async function openVisionPool(
  lanes: number,
  spec: VisionSpec,
  weights: Weights,
  plan: PruningPlan,
  nameOf: (index: number) => string,
): Promise<VisionPool> {
  const setup: VisionSetup = { spec, plan, weights: shareWeights(weights) };
  const threads: VisionPool['lanes'] = await WorkerLanes.start(lanes, workerModule, setup, {
    oneByOne: true,
  });
  const answerOne = async ({ index, image }: LoadedImage<PreparedImage>, lane: number) => {
    try {
      return await threads.ask(lane, { image, sample: index });
    } catch (error) {
      if (error instanceof WorkerDied) {
        return new Unanswered(`${error.message}, twice; if memory ran out, lower --threads`);
      }
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`image ${nameOf(index)}: ${error.message}`, { cause: error });
    }
  };
  return {
    lanes: threads,
    answer: (batch, lane) => Promise.all(batch.map((loaded) => answerOne(loaded, lane))),
    dispose: () => threads.stop(),
  };
}
