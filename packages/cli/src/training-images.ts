/** What `vssm train` and `vssm finetune` learn from: which reader the data needs, and whether it fits the model. */
import { join } from 'node:path';
import { counted, UserError } from '@vssm/core';
import {
  type ClassOrder,
  type ImageDataset,
  isFolder,
  type Normalisation,
  openFashionMnist,
  openImageNet,
  type RecipeName,
  recipeFor,
} from '@vssm/datasets';
import { datasetNamed } from './dataset-named.ts';
import { note } from './output.ts';

export interface DataOptions {
  /** Default: by what lies in the folder. */
  readonly dataset?: string;
  readonly data: string;
  readonly test?: string;
  readonly heldOut?: boolean;
  readonly classOrder?: ClassOrder;
}

export interface TrainingImages {
  readonly training: ImageDataset;
  /** Undefined where no test images were given. */
  readonly test: ImageDataset | undefined;
  readonly normalisation: Normalisation;
}

/**
 * Training and test images. Where the folder holds `train/` and `val/`, the latter are the test images, unless others
 * are named.
 *
 * @param side of the model's input, pixels
 * @throws UserError where the test images do not have the training images' classes
 */
export async function openTrainingImages(
  options: DataOptions,
  recipe: RecipeName,
  side: number,
): Promise<TrainingImages> {
  const normalisation = recipeFor(recipe, side);
  const { data, test, heldOut, classOrder } = options;
  if (heldOut === true && test !== undefined) {
    throw new UserError(`--held-out and --test ${test}: give one of the two`);
  }
  if (datasetNamed(options) === 'fashion-mnist') {
    const training = await openFashionMnist(data, 'train');
    return { training, test: await openFashionMnist(test), normalisation };
  }
  const open = (folder: string, split: 'train' | 'val') =>
    openImageNet(folder, {
      recipe,
      imageSize: side,
      split,
      ...(classOrder !== undefined && { classOrder }),
    });
  const training = await open(data, 'train');
  for (const line of training.notes ?? []) note(`note: ${line}`);
  const hasBoth = ['train', 'val'].every((split) => isFolder(join(data, split)));
  const testFolder = test ?? (hasBoth ? data : undefined);
  if (testFolder === undefined) return { training, test: undefined, normalisation };
  const testImages = await open(testFolder, 'val');
  checkSameClasses(training, testImages);
  return { training, test: testImages, normalisation };
}

/** Classes are numbered by their order, so a class that is missing in one of the two would shift all after it. */
function checkSameClasses({ classes }: ImageDataset, test: ImageDataset): void {
  const missing = classes.find((name) => !test.classes.includes(name));
  const stranger = test.classes.find((name) => !classes.includes(name));
  if (missing === undefined && stranger === undefined) return;
  throw new UserError(
    missing === undefined
      ? `test images: class "${stranger}" is not among the training images' ${counted(classes.length, 'class', 'classes')}; take it out`
      : `test images: class "${missing}" of the training images is not among them; add images of it, or take it out there`,
  );
}

/**
 * How many classes the model is to tell apart: as many as the data has, or more if asked.
 *
 * @throws UserError where the data has more than was asked for
 */
export function classCount(asked: number | undefined, { classes, name }: ImageDataset): number {
  if (asked === undefined) return classes.length;
  if (asked < classes.length) {
    throw new UserError(
      `--num-classes ${asked}: data set ${name} has ${counted(classes.length, 'class', 'classes')}, first "${classes[0]}"; give at least as many`,
    );
  }
  return asked;
}
