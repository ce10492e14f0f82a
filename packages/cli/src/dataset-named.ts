/** A data set by its options: which reader its folder needs, the one that is named or the one whose files lie in it. */
import { readdirSync } from 'node:fs';
import { oneOf, UserError } from '@vssm/core';
import { type ClassOrder, type ImageDataset, isFolder, openFashionMnist, openImageNet } from '@vssm/datasets';
import { imageRecipeOf, type ModelSpec } from '@vssm/families';
import { type DatasetName, datasetNames } from './options/data.ts';

export interface DatasetOptions {
  readonly dataset?: string;
  readonly data?: string;
  readonly classOrder?: ClassOrder;
}

/** Without a name: Fashion-MNIST where no folder is given, or where its files lie in it; class folders elsewhere. */
export function datasetNamed({ dataset, data }: DatasetOptions): DatasetName {
  if (dataset !== undefined) return oneOf('--dataset', dataset, datasetNames);
  if (data === undefined) return 'fashion-mnist';
  const isIdx = isFolder(data) && readdirSync(data).some((name) => /-idx[13]-ubyte(\.gz)?$/.test(name));
  return isIdx ? 'fashion-mnist' : 'imagenet';
}

/** The images of the options' data set, as the model takes them. @throws UserError where a folder is missing or wrong */
export async function openDataset(options: DatasetOptions, spec: ModelSpec): Promise<ImageDataset> {
  const name = datasetNamed(options);
  if (name === 'fashion-mnist') return openFashionMnist(options.data);
  const folder = options.data ?? process.env.VSSM_IMAGENET;
  if (folder === undefined) {
    throw new UserError(
      '--dataset imagenet needs --data FOLDER (or VSSM_IMAGENET); datasets/imagenet/README.md lists the layouts',
    );
  }
  return openImageNet(folder, {
    recipe: imageRecipeOf(spec),
    imageSize: spec.imageWidth,
    ...(options.classOrder !== undefined && { classOrder: options.classOrder }),
  });
}
