/**
 * Is this the validation set of ImageNet-1K, the one that published accuracies are over? Told by the number of images
 * and by the SHA-256 of every id with its label. The ids are the original file names, 50 of them in each of the 1,000
 * classes, which count in the order of the sorted WordNet ids. (The checksum is of two public lists of labels that
 * agree on all 50,000 lines; datasets/imagenet/README.md names them.) The pictures' contents are not read for it.
 */

import { createHash } from 'node:crypto';
import { counted } from '@vssm/core';
import type { Sample } from '../dataset.ts';
import { stem } from './labelling.ts';

export const validationSet = {
  title: 'ImageNet-1K',
  images: 50_000,
  labelsSha256: '54ee758599340074f7ae1285f8d1cd077dabac6d9665482f2e10859edb405258',
} as const;

/** SHA-256 over the lines `id<tab>label` in the order of the ids, without the ending of the file's name. */
export function labelsChecksum(samples: readonly Pick<Sample, 'id' | 'label'>[]): string {
  const hash = createHash('sha256');
  const lines = samples.map(({ id, label }) => `${stem(id)}\t${label}\n`).sort();
  for (const line of lines) hash.update(line);
  return hash.digest('hex');
}

/** Undefined when it is; otherwise why it is not. */
export function unlikeValidationSet(samples: readonly Pick<Sample, 'id' | 'label'>[]): string | undefined {
  const { images, labelsSha256 } = validationSet;
  if (samples.length !== images) return `it has ${counted(samples.length, 'image')}, not ${images}`;
  const found = labelsChecksum(samples);
  return found === labelsSha256
    ? undefined
    : `the SHA-256 of its ids and labels is ${found}, not ${labelsSha256}`;
}
