/** The data sets that experiments name: how each is sampled by default, and opened. */
import { counted, UserError } from '@vssm/core';
import { type ImageDataset, openFashionMnist, openImageNet, type RecipeName } from '@vssm/datasets';
import type { ModelSpec } from '@vssm/families';
import type { DatasetId } from './dataset-names.ts';

/** Images of the fixed stratified sample that a run uses unless it is asked for more. */
export const defaultSampleSizes: Readonly<Record<DatasetId, number>> = {
  'fashion-mnist': 3000,
  imagenet: 1000,
};

/** Opens a data set as a model sees it; null where it is not embedded and nobody said where it lies. */
export type DatasetSource = (recipe: RecipeName) => Promise<ImageDataset> | null;

/**
 * @param imagenet folder or archive of ImageNet-1K's validation images, where there is one
 * @param tell what its user should know about how it was read
 */
export function datasetSources(
  imagenet: string | undefined,
  tell: (note: string) => void = () => {},
): Readonly<Record<DatasetId, DatasetSource>> {
  const told = new Set<string>();
  const open = async (folder: string, recipe: RecipeName) => {
    const dataset = await openImageNet(folder, { recipe });
    for (const note of dataset.notes ?? []) {
      if (!told.has(note)) tell(note);
      told.add(note);
    }
    return dataset;
  };
  return {
    'fashion-mnist': () => openFashionMnist(),
    imagenet: (recipe) => (imagenet === undefined ? null : open(imagenet, recipe)),
  };
}

/** Throws unless the model takes the data set's images and tells its classes apart. */
export function checkFit(
  spec: ModelSpec,
  model: string,
  dataset: Pick<ImageDataset, 'name' | 'channels' | 'height' | 'width' | 'classes'>,
): void {
  const takes = `${spec.inChannels}x${spec.imageHeight}x${spec.imageWidth}`;
  const gives = `${dataset.channels}x${dataset.height}x${dataset.width}`;
  if (takes !== gives) {
    throw new UserError(`model ${model} takes ${takes} images, data set ${dataset.name} gives ${gives}`);
  }
  if (spec.classes !== dataset.classes.length) {
    throw new UserError(
      `model ${model} knows ${counted(spec.classes, 'class', 'classes')}, data set ${dataset.name} has ${dataset.classes.length}; ` +
        'accuracy needs the classes that the model was trained on',
    );
  }
}
