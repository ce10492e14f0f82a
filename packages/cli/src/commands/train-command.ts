/** `vssm train`: a dense model from fresh weights. */
import { oneOf } from '@vssm/core';
import { trainableFamilies, usualFamily } from '@vssm/families';
import { trainingRecipe } from '@vssm/train/recipe';
import { Command, Option } from 'commander';
import { groups } from '../options/groups.ts';
import { whole } from '../options/numbers.ts';
import { smallSpec } from '../options/spec.ts';
import { addTrainingOptions, taskOption } from '../options/training.ts';
import type { TrainOptions } from './train.ts';

export function trainCommand(): Command {
  const command = new Command('train')
    .description('train a dense model: a classifier from fresh weights, or a segmenter on a backbone')
    .optionsGroup(groups.model)
    .addOption(
      new Option(
        '--family <name>',
        `of a small model: ${trainableFamilies.join(', ')}; default: ${usualFamily}`,
      ).argParser((name) => oneOf('--family', name, trainableFamilies)),
    )
    .addOption(taskOption())
    .option('--backbone <file>', 'of a segmenter: a PlainMamba, classifying; default: the embedded one')
    .option('--channels <n>', 'of a segmenter’s head; default: 32', whole('--channels', 1))
    .option('--model <name>', 'a published size; default: --spec')
    .option(
      '--spec <name=number,…>',
      'a small model: width, depth, state (per channel), patch and size (pixels), of a Vim or a VideoMamba ' +
        'stride, of a PlainMamba stem (channels) and convs (in the stem), of a Mamba-Reg registers and reduction (of the ' +
        'neck); default: width=64,depth=8,state=8, with patch=8,size=64 for photos ' +
        'and patch=2 for Fashion-MNIST',
      smallSpec,
    )
    .option('--width <d>', 'channels of a token, as width in --spec; default: there', whole('--width', 4))
    .option('--depth <blocks>', 'as depth in --spec; default: there', whole('--depth', 1))
    .option(
      '--state-size <n>',
      'states of a channel, as state in --spec; default: there',
      whole('--state-size', 4),
    )
    .option('--patch <pixels>', 'side of a patch, as patch in --spec; default: there', whole('--patch', 1));
  return addTrainingOptions(command, trainingRecipe).action(async (options: TrainOptions) => {
    if (options.task === 'segment') {
      const { trainSegmenter } = await import('./train-segmenter.ts');
      await trainSegmenter(options);
      return;
    }
    const { trainFresh } = await import('./train.ts');
    await trainFresh(options);
  });
}
