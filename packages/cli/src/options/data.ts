/** Options that say how a data set is read. */
import { classOrders } from '@vssm/datasets';
import { Option } from 'commander';

/** Not given: text, with a note where the names are numbers that text puts into another order. */
export function classOrderOption(): Option {
  return new Option(
    '--class-order <order>',
    'how the names of class folders are sorted into class numbers',
  ).choices(classOrders);
}
