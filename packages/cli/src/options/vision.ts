/** The options that `vssm detect` and `vssm segment` share. */
import type { SizeLimits } from '@vssm/datasets';
import { visionModels } from '@vssm/vision-tasks';
import type { Command } from 'commander';
import { groups } from './groups.ts';
import { largestSides, whole } from './numbers.ts';
import { threadCount } from './threads.ts';

export interface VisionCommandOptions {
  readonly model?: string;
  readonly checkpoint?: string;
  readonly key?: string;
  readonly data?: string;
  readonly split?: string;
  readonly limit?: number;
  readonly max?: SizeLimits;
  /** Default: `usualWorkers`. */
  readonly threads?: number;
  readonly out?: string;
  readonly shard?: string;
  readonly backend: string;
}

export function addVisionOptions(
  command: Command,
  data: { readonly where: string; readonly kind: RegExp },
): Command {
  const names = Object.keys(visionModels).filter((name) => data.kind.test(name));
  return command
    .optionsGroup(groups.model)
    .option(
      '--checkpoint <file>',
      '.pth of mmdet or mmseg, or .safetensors with the same names; default: none',
    )
    .option('--model <name>', `instead of a checkpoint, random weights: ${names.join(', ')}; default: none`)
    .option(
      '--key <name>',
      'entry of the checkpoint that holds the state dict, or names in it: a prefix, or ema for the buffers of an EMA hook; default: state_dict, …',
    )
    .optionsGroup(groups.data)
    .option('--data <folder>', data.where)
    .option('--split <name>', 'part of the data; default: the validation images')
    .option(
      '--limit <n>',
      'only the first n images (partial, not comparable); default: all',
      whole('--limit', 1),
    )
    .option(
      '--max <HxW>',
      "the most pixels an image's shorter and longer side may have, e.g. 800x1333; default: upstream's",
      largestSides('--max'),
    )
    .option('--shard <i/n>', 'only share i of n of the images, for vssm merge; needs --out; default: all')
    .optionsGroup(groups.running)
    .option(
      '--threads <n>',
      'images at a time, each in a thread with a model of its own; default: all cores, as far as memory allows',
      threadCount,
    )
    .option('--backend <name>', 'cpu; no other backend runs detectors and segmenters', 'cpu')
    .optionsGroup(groups.output)
    .option(
      '--out <folder>',
      'keep the result and each image’s answer there, running again resumes; default: nothing is kept',
    )
    .option('--json', 'print one JSON document on stdout');
}
