/** `vssm score`: results files of any tool, scored as COCO's and mmseg's own tools score them. */
import { oneOf, UserError } from '@vssm/core';
import { detectionAreas, overlapTypes } from '@vssm/metrics';
import { Command } from 'commander';
import { groups } from '../options/groups.ts';
import { whole } from '../options/numbers.ts';
import { listing, note, type OutputOptions, printResult } from '../output.ts';
import type { CocoScore } from '../score/coco.ts';
import type { MiouScore } from '../score/miou.ts';

export function scoreCommand(): Command {
  return new Command('score')
    .description('score detections or label maps that any tool wrote')
    .addCommand(cocoCommand())
    .addCommand(miouCommand());
}

function cocoCommand(): Command {
  return new Command('coco')
    .description(
      'Box or mask AP and AR of a COCO results file, as pycocotools counts them. Image ids are numbers or texts, ' +
        'category and annotation ids numbers; images need a height and width where masks are compared.',
    )
    .optionsGroup(groups.data)
    .requiredOption('--annotations <file>', 'instances_*.json, or another file of its form')
    .requiredOption('--detections <file>', 'list of {image_id, category_id, bbox, score, segmentation}')
    .option('--type <type>', `what is compared: ${overlapTypes.join(' (boxes) or ')} (masks)`, 'bbox')
    .option(
      '--area <of>',
      'with --type segm, by what a detection that has a mask and a box counts as small, medium or large: its mask ' +
        '(as mmdet and detectron2 do), or its box (as pycocotools alone does); AP over all sizes is the same (default: mask)',
    )
    .optionsGroup(groups.output)
    .option('--json', 'print one JSON document on stdout')
    .action(
      async (
        options: OutputOptions & { annotations: string; detections: string; type: string; area?: string },
      ) => {
        const type = oneOf('--type', options.type, overlapTypes);
        if (options.area !== undefined && type !== 'segm') {
          throw new UserError(`--area ${options.area}: goes with --type segm; a box is as large as it is`);
        }
        const area = oneOf('--area', options.area ?? 'mask', detectionAreas);
        const { scoreCoco } = await import('../score/coco.ts');
        const score = await scoreCoco({ ...options, type, area });
        printResult(options, score.summary, cocoForPeople(score));
      },
    );
}

function miouCommand(): Command {
  return new Command('miou')
    .description('mIoU, mAcc and aAcc of label maps, as mmseg counts them')
    .optionsGroup(groups.data)
    .requiredOption(
      '--predictions <place>',
      'folder of PNG label maps, classes from 0, or a safetensors file',
    )
    .requiredOption('--labels <place>', 'the same with the truth, files or tensors of the same names')
    .requiredOption('--classes <n>', 'number of classes, 150 for ADE20K', whole('--classes', 1))
    .option('--reduce-zero-label', 'the truth has 0 for unlabelled and classes from 1 (ADE20K)')
    .option('--ignore <label>', 'label of pixels without truth', whole('--ignore'), 255)
    .optionsGroup(groups.output)
    .option('--json', 'print one JSON document on stdout')
    .action(
      async (
        options: OutputOptions & {
          predictions: string;
          labels: string;
          classes: number;
          reduceZeroLabel?: boolean;
          ignore: number;
        },
      ) => {
        if (options.classes > maxClasses) {
          throw new UserError(`--classes ${options.classes}: at most ${maxClasses}`);
        }
        const { scoreMiou } = await import('../score/miou.ts');
        const score = await scoreMiou({ ...options, reduceZeroLabel: options.reduceZeroLabel ?? false });
        if (score.foreignPixels > 0) {
          warn(
            `${score.foreignPixels} predicted pixels are not of class 0 … ${options.classes - 1}, and count as wrong; ` +
              'predictions count classes from 0',
          );
        }
        if (score.unknownPixels > 0) {
          warn(
            `${score.unknownPixels} labelled pixels are of no class below --classes ${options.classes}, and count for nothing; ` +
              'give --classes as many as the labels have, or --ignore their label',
          );
        }
        printResult(options, miouDocument(score), miouForPeople(score));
      },
    );
}

const maxClasses = 65_536;

function warn(message: string): void {
  note(`warning: ${message}`);
}

function cocoForPeople({ summary, categories, images, detections }: CocoScore): string {
  const { per_category_AP: perCategory, ...figures } = summary;
  const shown = (value: number) => (value < 0 ? 'undefined' : value.toFixed(4));
  const ofCategories = Object.entries(perCategory).map(([id, ap]): [string, string] => [
    `AP of ${id} ${categories.get(Number(id))}`,
    shown(ap),
  ]);
  return listing([
    ['images', String(images)],
    ['detections', String(detections)],
    ...Object.entries(figures).map(([name, value]): [string, string] => [name, shown(value)]),
    ...ofCategories,
  ]);
}

/** Undefined figures, NaN, become null in JSON. */
function miouDocument({ summary, totals, images, foreignPixels, unknownPixels }: MiouScore) {
  const { aAcc, mIoU, mAcc, IoU, Acc } = summary;
  return {
    aAcc,
    mIoU,
    mAcc,
    reported: { aAcc: reported(aAcc), mIoU: reported(mIoU), mAcc: reported(mAcc) },
    IoU,
    Acc,
    total_intersect: totals.intersect,
    total_union: totals.union,
    total_pred: totals.pred,
    total_label: totals.label,
    images,
    foreign_pixels: foreignPixels,
    unknown_pixels: unknownPixels,
  };
}

/** Percent with two decimals, as mmseg prints it. */
function reported(share: number): number {
  return Math.round(share * 1e4) / 100;
}

function miouForPeople({ summary, images }: MiouScore): string {
  const percent = (share: number) => (Number.isNaN(share) ? 'undefined' : `${reported(share).toFixed(2)} %`);
  return listing([
    ['images', String(images)],
    ['mIoU', percent(summary.mIoU)],
    ['mAcc', percent(summary.mAcc)],
    ['aAcc', percent(summary.aAcc)],
    ...summary.IoU.map((value, label): [string, string] => [`IoU of class ${label}`, percent(value)]),
  ]);
}
