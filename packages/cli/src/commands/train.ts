/** `vssm train`: a dense model from fresh weights. */
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
  trainableFamilies,
  trainableSpec,
  usualFamily,
} from '@vssm/families';
import { freshWeights, trainingRecipe } from '@vssm/train';
import { Command, Option } from 'commander';
import { type DatasetName, datasetNamed } from '../dataset-named.ts';
import { whole } from '../options/numbers.ts';
import { type SmallSpec, smallSpec } from '../options/spec.ts';
import { addTrainingOptions, type TrainingOptions, trainingRecipeOf } from '../options/training.ts';
import { runTraining } from '../training.ts';
import { classCount, openTrainingImages } from '../training-images.ts';

type Options = TrainingOptions & {
  readonly family?: TrainableFamily;
  readonly model?: string;
  readonly spec?: SmallSpec;
  readonly width?: number;
  readonly depth?: number;
  readonly stateSize?: number;
  readonly patch?: number;
};

/** Small enough to be trained on a processor: 197 tokens of Fashion-MNIST, 65 of photos. */
const usual: Readonly<Record<DatasetName, Required<Omit<SmallSpec, 'stride' | 'stem' | 'convs'>>>> = {
  'fashion-mnist': { width: 64, depth: 8, state: 8, patch: 2, size: recipes['fashion-mnist'].crop },
  imagenet: { width: 64, depth: 8, state: 8, patch: 8, size: 64 },
};

export function trainCommand(): Command {
  const command = new Command('train').description('train a dense model from fresh weights');
  return addTrainingOptions(command, trainingRecipe)
    .addOption(
      new Option('--family <name>', `of a small model; default: ${usualFamily}`).choices(trainableFamilies),
    )
    .option('--model <name>', 'a published size; else --spec')
    .option(
      '--spec <name=number,…>',
      'a small model: width, depth, state (per channel), patch and size (pixels), of a Vim stride, of a PlainMamba ' +
        'stem (channels) and convs (in the stem); default: width=64,depth=8,state=8, with patch=8,size=64 for photos ' +
        'and patch=2 for Fashion-MNIST',
      smallSpec,
    )
    .option('--width <d>', 'as width in --spec', whole('--width', 4))
    .option('--depth <blocks>', 'as depth in --spec', whole('--depth', 1))
    .option('--state-size <n>', 'as state in --spec', whole('--state-size', 4))
    .option('--patch <pixels>', 'as patch in --spec', whole('--patch', 1))
    .action(run);
}

async function run(options: Options): Promise<void> {
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
function shapeOf(options: Options, dataset: DatasetName): TrainableSpec {
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
    imageHeight: chosen.size,
    imageWidth: chosen.size,
    inChannels: dataset === 'fashion-mnist' ? 1 : 3,
  });
}
