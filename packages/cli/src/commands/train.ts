/** The work of `vssm train`: a dense model from fresh weights. */
import { UserError } from '@vssm/core';
import { recipes } from '@vssm/datasets';
import {
  checkSpec,
  densePlan,
  imageRecipeOf,
  isModelName,
  namedModel,
  newTrainableSpec,
  type TrainableFamily,
  type TrainableSpec,
  trainableSpec,
  usualFamily,
} from '@vssm/families';
import { freshWeights, trainingRecipe } from '@vssm/train';
import { datasetNamed } from '../dataset-named.ts';
import type { DatasetName } from '../options/data.ts';
import type { SmallSpec } from '../options/spec.ts';
import { type TrainingOptions, trainingRecipeOf } from '../options/training.ts';
import { runTraining } from '../training.ts';
import { classCount, openTrainingImages } from '../training-images.ts';

export type TrainOptions = TrainingOptions & {
  readonly family?: TrainableFamily;
  readonly backbone?: string;
  readonly channels?: number;
  readonly model?: string;
  readonly spec?: SmallSpec;
  readonly width?: number;
  readonly depth?: number;
  readonly stateSize?: number;
  readonly patch?: number;
};

/** Small enough to be trained on a processor: 197 tokens of Fashion-MNIST, 65 of photos. */
const usual: Readonly<
  Record<DatasetName, Required<Omit<SmallSpec, 'stride' | 'stem' | 'convs' | 'registers' | 'reduction'>>>
> = {
  'fashion-mnist': { width: 64, depth: 8, state: 8, patch: 2, size: recipes['fashion-mnist'].crop },
  imagenet: { width: 64, depth: 8, state: 8, patch: 8, size: 64 },
};

export async function trainFresh(options: TrainOptions): Promise<void> {
  for (const name of ['backbone', 'channels'] as const) {
    if (options[name] !== undefined)
      throw new UserError(`--${name} is of segmenters; it goes with --task segment`);
  }
  const recipe = trainingRecipeOf(options, trainingRecipe);
  const dataset = datasetNamed(options);
  const shape = shapeOf(options, dataset);
  const images = await openTrainingImages(
    options,
    dataset === 'fashion-mnist' ? 'fashion-mnist' : imageRecipeOf(shape),
    shape.imageWidth,
  );
  await runTraining(options, images, (training) => {
    const spec = checkSpec({ ...shape, classes: classCount(options.numClasses, training) });
    return { spec, plan: densePlan, recipe, initial: freshWeights(spec, recipe.seed) };
  });
}

/** Everything but the number of classes, which the data decides. */
function shapeOf(options: TrainOptions, dataset: DatasetName): TrainableSpec {
  const { family, model, spec, width, depth, stateSize: state, patch } = options;
  const single = { width, depth, state, patch };
  const given = Object.entries(single).filter(([, value]) => value !== undefined);
  if (model !== undefined) {
    if (spec !== undefined || given.length > 0) {
      throw new UserError(`--model ${model} and --spec or its parts: give one of the two`);
    }
    if (!isModelName(model)) namedModel(model);
    if (family !== undefined)
      throw new UserError(`--model ${model} and --family ${family}: give one of the two`);
    return trainableSpec(namedModel(model));
  }
  const twice = given.find(([name]) => spec !== undefined && name in spec);
  if (twice !== undefined) throw new UserError(`--spec has ${twice[0]} already; give it once`);
  const chosen = { ...usual[dataset], ...spec, ...Object.fromEntries(given) };
  if (dataset === 'fashion-mnist' && chosen.size !== usual[dataset].size) {
    throw new UserError(
      `--spec size=${chosen.size}: Fashion-MNIST's pictures enter as they are, ${usual[dataset].size}`,
    );
  }
  return newTrainableSpec(family ?? usualFamily, {
    width: chosen.width,
    depth: chosen.depth,
    stateSize: chosen.state,
    patchSize: chosen.patch,
    ...(chosen.stride !== undefined && { stride: chosen.stride }),
    ...(chosen.stem !== undefined && { stemWidth: chosen.stem }),
    ...(chosen.convs !== undefined && { stemConvs: chosen.convs }),
    ...(chosen.registers !== undefined && { registers: chosen.registers }),
    ...(chosen.reduction !== undefined && { reduction: chosen.reduction }),
    imageHeight: chosen.size,
    imageWidth: chosen.size,
    inChannels: dataset === 'fashion-mnist' ? 1 : 3,
  });
}
