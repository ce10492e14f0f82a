/** The work of `vssm merge`: the run folders of several machines, shards above all, become one. */

import { mergeResults } from '@vssm/bench';
import { counted } from '@vssm/core';
import { readResults } from '@vssm/results';
import { listing, type OutputOptions, printResult } from '../output.ts';
import { findRuns } from './report.ts';

export interface MergeOptions extends OutputOptions {
  readonly out: string;
}

export function merge(folders: readonly string[], options: MergeOptions): void {
  const merged = mergeResults(folders.flatMap(findRuns), options.out);
  const { records } = readResults(options.out);
  const accuracies = records.filter((record) => record.kind === 'accuracy');
  const vision = records.filter((record) => record.kind === 'vision');
  const lines = listing([
    ['run folders', String(merged.folders)],
    [
      'put together from shards',
      `${counted(merged.joined, 'evaluation')}, ${counted(merged.images, 'image')}`,
    ],
    ['taken over', counted(merged.takenOver, 'record')],
    ['results', merged.results],
    ...accuracies.map(({ label, top1, top5, count }) => {
      const figures = `top-1 ${top1.toFixed(2)} %, top-5 ${top5.toFixed(2)} % of ${counted(count, 'image')}`;
      return [label, figures] as const;
    }),
    ...vision.map(({ label, figures, images }) => {
      const named = Object.entries(figures).map(([name, value]) => `${figureNames[name]} ${figure(value)}`);
      return [label, `${named.join(', ')} of ${counted(images, 'image')}`] as const;
    }),
  ]);
  const shown = accuracies.map(({ label, top1, top5, count }) => ({ label, top1, top5, count }));
  const figures = vision.map(({ label, figures, images }) => ({ label, figures, images }));
  printResult(options, { ...merged, accuracies: shown, vision: figures }, lines);
}

const figureNames: Readonly<Record<string, string>> = {
  ...{ boxAp: 'box AP', maskAp: 'mask AP' },
  ...{ miou: 'mIoU', macc: 'mAcc', aacc: 'aAcc' },
};

/** Percent; null where nothing defines it. */
function figure(value: number | null | undefined): string {
  return value == null ? 'undefined' : `${value.toFixed(2)} %`;
}
