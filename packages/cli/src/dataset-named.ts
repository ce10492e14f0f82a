/** Which reader a folder needs: the one that is named, or else the one whose files lie in it. */
import { readdirSync } from 'node:fs';
import { oneOf } from '@vssm/core';
import { isFolder } from '@vssm/datasets';
import { type DatasetName, datasetNames } from './options/data.ts';

/** Without a name: Fashion-MNIST where no folder is given, or where its files lie in it; class folders elsewhere. */
export function datasetNamed({
  dataset,
  data,
}: {
  readonly dataset?: string;
  readonly data?: string;
}): DatasetName {
  if (dataset !== undefined) return oneOf('--dataset', dataset, datasetNames);
  if (data === undefined) return 'fashion-mnist';
  const isIdx = isFolder(data) && readdirSync(data).some((name) => /-idx[13]-ubyte(\.gz)?$/.test(name));
  return isIdx ? 'fashion-mnist' : 'imagenet';
}
