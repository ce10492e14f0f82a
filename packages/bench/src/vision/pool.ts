/**
 * Detectors and segmenters as what answers images: they differ in size, so every thread has a model of its own and
 * takes one image at a time. A thread that dies is replaced and its image tried again; an image that kills its thread
 * twice has no answer.
 */

import { type Answerer, type LoadedImage, Unanswered } from '@vssm/backend';
import { shareWeights, WorkerDied, WorkerLink } from '@vssm/backend-cpu';
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import type { PreparedImage } from '@vssm/datasets';
import type { VisionSpec } from '@vssm/vision-tasks';
import type { AnsweredImage, VisionAsk, VisionSetup } from './messages.ts';

const workerModule = new URL('./worker.ts', import.meta.url);

type Link = WorkerLink<VisionAsk, AnsweredImage>;

export interface VisionPool extends Answerer<PreparedImage, AnsweredImage> {
  /** The worker threads, for tests that end one. */
  readonly links: readonly Link[];
}

/** Starts one thread after the other, so that their peaks of memory while loading do not meet. */
export async function openVisionPool(
  lanes: number,
  spec: VisionSpec,
  weights: Weights,
  plan: PruningPlan,
  nameOf: (index: number) => string,
): Promise<VisionPool> {
  const setup: VisionSetup = { spec, plan, weights: shareWeights(weights) };
  const links: Link[] = [];
  const dispose = async () => {
    await Promise.all(links.map((link) => link.stop()));
  };
  try {
    for (let lane = 0; lane < lanes; lane++) links.push(await WorkerLink.start(workerModule, setup));
  } catch (error) {
    await dispose();
    throw error;
  }
  const once = async ({ index, image }: LoadedImage<PreparedImage>, lane: number) => {
    if (!links[lane].alive) links[lane] = await WorkerLink.start(workerModule, setup);
    // The image stays here too, in case the thread dies with it.
    return links[lane].ask({ image, sample: index });
  };
  const answerOne = async (loaded: LoadedImage<PreparedImage>, lane: number) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await once(loaded, lane);
      } catch (error) {
        if (error instanceof WorkerDied && attempt === 0) continue;
        if (error instanceof WorkerDied) {
          return new Unanswered(`${error.message}, twice; if memory ran out, lower --threads`);
        }
        if (!(error instanceof UserError)) throw error;
        throw new UserError(`image ${nameOf(loaded.index)}: ${error.message}`, { cause: error });
      }
    }
  };
  return {
    links,
    answer: (batch, lane) => Promise.all(batch.map((loaded) => answerOne(loaded, lane))),
    dispose,
  };
}
