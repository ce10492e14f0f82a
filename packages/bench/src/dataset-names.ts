/** The data sets of classified images that experiments name. */

export type DatasetId = 'fashion-mnist' | 'imagenet';

/** Published names, as in paper tables. */
export const datasetNames: Readonly<Record<DatasetId, string>> = {
  'fashion-mnist': 'Fashion-MNIST',
  imagenet: 'ImageNet-1K',
};
