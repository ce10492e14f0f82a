/** What `vssm train` and `vssm finetune` do with `--task segment`: scenes in, an UperNet out. */
import { join } from 'node:path';
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import {
  fashionMnistDir,
  type LabelMap,
  openAde20k,
  type VisionDataset,
  visionRecipeFor,
} from '@vssm/datasets';
import { checkPlan, segmentationRecipeOf } from '@vssm/families';
import { evaluateSegmenter, type Recipe, sceneExamples } from '@vssm/train';
import type { UperNetSpec } from '@vssm/vision-tasks';
import type { TrainingOptions } from './options/training.ts';
import { stopOnSignal, trainToEnd } from './training.ts';

/** What a segmenter's training begins on, unless told otherwise: the embedded PlainMamba. */
export const embeddedBackbone = join(fashionMnistDir, 'plainmamba-nano.safetensors');

/** What a run starts from, made when its pictures are known. */
export interface SegmenterStart {
  /** At the pictures' size. */
  readonly spec: UperNetSpec;
  readonly plan: PruningPlan;
  readonly recipe: Recipe;
  readonly initial: Weights;
}

/** Pictures of the training split, all of one size. */
export interface Scenes extends VisionDataset<LabelMap> {
  readonly height: number;
  readonly width: number;
}

/**
 * Trains on the `training` split of a data set in ADE20K's layout, and evaluates on its `validation` split.
 *
 * @throws UserError for options that are about classes of pictures
 */
export async function runSegmenterTraining(
  options: TrainingOptions,
  start: (scenes: Scenes) => SegmenterStart,
): Promise<void> {
  refuse(options);
  const { data, test = data, testImages: limit } = options;
  const training = await openScenes(data, 'training');
  const stop = stopOnSignal();
  let judged: VisionDataset<LabelMap> | undefined;
  try {
    judged = await openSized(test, 'validation', training);
    const { spec, plan, recipe, initial } = start(training);
    checkPlan(spec.backbone.spec, plan);
    const reading = visionRecipeFor(segmentationRecipeOf(spec.backbone.family));
    checkSides(data, training, reading.alignTo);
    const examples = sceneExamples(training, reading);
    const request = { spec, plan, dataset: judged };
    await trainToEnd(
      options,
      {
        ...{ spec, plan, recipe, initial, examples },
        judged: {
          split: judged.split,
          name: 'test image',
          evaluate: (weights, threads, stopped) =>
            evaluateSegmenter({ ...request, threads, limit, stopped }, weights),
        },
      },
      stop,
    );
  } finally {
    stop.release();
    await training.close();
    await judged?.close();
  }
}

/** Training compares pixel by pixel, so no picture may be scaled on its way into the model. */
function checkSides(data: string, { height, width }: Scenes, alignTo: number): void {
  if (height % alignTo === 0 && width % alignTo === 0) return;
  throw new UserError(
    `${data}: scenes of ${height}x${width}; a segmenter is trained on sides that are multiples of ${alignTo}, so cut or pad them`,
  );
}

function refuse({ dataset, heldOut, numClasses, classOrder }: TrainingOptions): void {
  const given = {
    '--dataset': dataset,
    '--held-out': heldOut,
    '--num-classes': numClasses,
    '--class-order': classOrder,
  };
  const stranger = Object.entries(given).find(([, value]) => value !== undefined);
  if (stranger === undefined) return;
  throw new UserError(`${stranger[0]} is of classifiers; leave it out with --task segment`);
}

/** At the size of its first picture. */
export async function openScenes(dir: string, split: string): Promise<Scenes> {
  const first = await openAde20k(dir, { split });
  const { height, width } = await first.original(0);
  await first.close();
  return { ...(await openSized(dir, split, { height, width })), height, width };
}

function openSized(
  dir: string,
  split: string,
  { height, width }: Pick<Scenes, 'height' | 'width'>,
): Promise<VisionDataset<LabelMap>> {
  return openAde20k(dir, {
    split,
    limits: { long: Math.max(height, width), short: Math.min(height, width) },
  });
}
