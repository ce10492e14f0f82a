/** The work of `vssm train --task segment` and `vssm finetune --task segment`. */
import { UserError } from '@vssm/core';
import { densePlan } from '@vssm/families';
import { finetuningRecipe, segmentationSteps, segmenterOn, trainingRecipe } from '@vssm/train';
import { withInputSize } from '@vssm/vision-tasks';
import { loadModel } from '../options/model.ts';
import { planOf } from '../options/plan.ts';
import { trainingRecipeOf } from '../options/training.ts';
import { embeddedBackbone, runSegmenterTraining } from '../segmenter-training.ts';
import { checkClasses, loadVision } from '../vision-run.ts';
import type { FinetuneOptions } from './finetune.ts';
import type { TrainOptions } from './train.ts';

/** Upstream's heads have 512. */
const mostChannels = 4096;

/** A dense UperNet: its heads begin with random weights, its backbone with a classifier's. */
export async function trainSegmenter(options: TrainOptions): Promise<void> {
  const { family, model, spec, width, depth, stateSize, patch } = options;
  const given = { family, model, spec, width, depth, 'state-size': stateSize, patch };
  const stranger = Object.entries(given).find(([, value]) => value !== undefined);
  if (stranger !== undefined) {
    throw new UserError(`--${stranger[0]}: a segmenter has the shape of its --backbone; leave it out`);
  }
  const { channels = 32 } = options;
  if (channels > mostChannels) {
    throw new UserError(`--channels ${channels}: must be at most ${mostChannels}`);
  }
  const recipe = trainingRecipeOf(options, { ...trainingRecipe, ...segmentationSteps, learningRate: 1e-3 });
  const backbone = await loadModel(
    { checkpoint: options.backbone ?? embeddedBackbone },
    { ours: options.backbone === undefined },
  );
  await runSegmenterTraining(options, ({ classes, height, width: columns }) => {
    const shape = { classes: classes.length, channels, height, width: columns };
    const start = segmenterOn(backbone, shape, recipe.seed);
    return { spec: start.spec, plan: densePlan, recipe, initial: start.weights };
  });
}

/** A checkpoint's UperNet under a pruning plan. */
export async function finetuneSegmenter(options: FinetuneOptions): Promise<void> {
  const { checkpoint, newHead, model: named, family, imageSize, stride, grid } = options;
  const given = { model: named, family, 'image-size': imageSize, stride, grid };
  const stranger = Object.entries(given).find(([, value]) => value !== undefined);
  if (stranger !== undefined) {
    throw new UserError(
      `--${stranger[0]}: a segmenter is what its --checkpoint says, at the scenes' size; leave it out`,
    );
  }
  if (checkpoint === undefined) throw new UserError('--task segment: give --checkpoint FILE, an UperNet');
  if (newHead === true) {
    throw new UserError(
      '--new-head is of classifiers; vssm train --task segment --backbone FILE begins with new heads',
    );
  }
  const model = await loadVision({ checkpoint, ...(options.key !== undefined && { key: options.key }) });
  const { spec, weights } = model;
  if (spec.kind !== 'upernet')
    throw new UserError(`${checkpoint}: is a detector, for which there is no training`);
  const plan = await planOf(options, spec.backbone.family);
  const recipe = trainingRecipeOf(options, { ...finetuningRecipe, ...segmentationSteps });
  await runSegmenterTraining(options, ({ classes, height, width }) => {
    checkClasses(model, options.data, classes);
    return { spec: withInputSize(spec, height, width), plan, recipe, initial: weights };
  });
}
