/** `vssm export`: a model with its pruning, as ONNX. */
import { mostBytesInside, precisions, scanForms } from '@vssm/graph/choices';
import { Command } from 'commander';
import { groups } from '../options/groups.ts';
import { addModelOptions } from '../options/model.ts';
import { heightByWidth } from '../options/numbers.ts';
import { addPlanOptions } from '../options/plan.ts';
import type { ExportOptions } from './export.ts';

export function exportCommand(): Command {
  const command = new Command('export').description(
    'write a model with its pruning: a classifier as one ONNX file, a detector or segmenter as a folder of stages',
  );
  return addPlanOptions(addModelOptions(command))
    .optionsGroup(groups.model)
    .option(
      '--input <HxW>',
      "a detector's or segmenter's input, pixels; default: upstream's test size",
      heightByWidth('--input'),
    )
    .optionsGroup(groups.output)
    .option(
      '--scan <form>',
      `${scanForms[0]} (standard ONNX, and the faster one on a CPU) or ${scanForms[1]} (an operator of ONNX Runtime 1.30)`,
      scanForms[0],
    )
    .option(
      '--precision <p>',
      `of a classifier's products into and out of the mixers, ${precisions.join(' or ')}; inputs, outputs and everything else are float32`,
      precisions[0],
    )
    .option(
      '--external-data',
      `keep a classifier's weights in OUT.data, beside it; always so beyond ${mostBytesInside / 1e9} GB`,
    )
    .option('--out <path>', 'file to write; for a detector or segmenter, a new folder; default: model.onnx')
    .option('--json', 'print one JSON document on stdout')
    .action(async (options: ExportOptions) => {
      const { exportModel } = await import('./export.ts');
      await exportModel(options);
    });
}
