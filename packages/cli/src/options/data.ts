/** Options that say how a data set is read. */
import { oneOf } from '@vssm/core';
import { classOrders } from '@vssm/datasets/choices';
import { Option } from 'commander';

/** `imagenet` is whatever is laid out like it: class folders of any names, a flat folder with labels, its archive. */
export const datasetNames = ['fashion-mnist', 'imagenet'] as const;
export type DatasetName = (typeof datasetNames)[number];

export function classOrderOption(): Option {
  return new Option(
    '--class-order <order>',
    `how the names of class folders are sorted into class numbers: ${classOrders.join(', ')}; ` +
      'default: text, with a note where all names are numbers',
  ).argParser(oneOfOrders);
}

function oneOfOrders(text: string): (typeof classOrders)[number] {
  return oneOf('--class-order', text, classOrders);
}
