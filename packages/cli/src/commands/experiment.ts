/** `vssm experiment`: the claim in miniature, dense training and every fine-tuning row, resumable at any point. */
import { availableParallelism } from 'node:os';
import { experiment } from '@vssm/bench-finetuning';
import { parameterCount, tokensPerBlock } from '@vssm/core';
import { type ExperimentResult, mean, runExperiment, standardDeviation } from '@vssm/train';
import { Command } from 'commander';
import { whole } from '../options/numbers.ts';
import { type OutputOptions, printResult } from '../output.ts';
import { circumstances, openTrainingImages, progressLine, stopOnSignal } from '../training.ts';

interface Options extends OutputOptions {
  readonly data: string;
  readonly out: string;
  readonly threads: number;
  readonly plan?: boolean;
}

export function experimentCommand(): Command {
  return new Command('experiment')
    .description(`${experiment.title}: train a dense Vim on Fashion-MNIST, then fine-tune it in every way`)
    .requiredOption('--data <folder>', 'the idx files of Fashion-MNIST’s training split')
    .requiredOption('--out <folder>', 'a folder for every part; running again resumes')
    .option(
      '--threads <n>',
      'processor threads; does not change the result; default: all cores',
      whole('--threads', 1),
      availableParallelism(),
    )
    .option('--plan', 'say what would be run, and run nothing')
    .option('--json', 'print one JSON document on stdout')
    .action(run);
}

async function run(options: Options): Promise<void> {
  if (options.plan === true) return printResult(options, experiment, planned());
  const { training, test, normalisation } = await openTrainingImages(
    { dataset: 'fashion-mnist', data: options.data },
    experiment.spec,
  );
  const stop = stopOnSignal();
  let part = '';
  let show = progressLine();
  try {
    const result = await runExperiment({
      experiment,
      training,
      test: test!,
      normalisation,
      threads: options.threads,
      out: options.out,
      circumstances: await circumstances(options.threads),
      tell(name, line, steps) {
        if (name !== part) {
          process.stderr.write(`${name}\n`);
          show = progressLine();
        }
        part = name;
        show(line, steps);
      },
      stopped: stop.stopped,
    });
    if (result === undefined) {
      process.stderr.write('stopped; run the same command again to go on\n');
      process.exitCode = 130;
      return;
    }
    printResult(options, result, table(result));
  } finally {
    stop.release();
    await training.close();
    await test?.close();
  }
}

function planned(): string {
  const { spec, dense, finetuning, rows } = experiment;
  const runs = rows.reduce((sum, { seeds }) => sum + seeds.length, 0);
  const relative = rows.reduce((sum, { plan, seeds }) => {
    const tokens =
      plan.alignment === 'mask' ? 1 : mean(tokensPerBlock(spec, plan)) / tokensPerBlock(spec, plan)[0];
    return sum + seeds.length * tokens;
  }, 0);
  return [
    `${parameterCount(spec).toLocaleString('en')} parameters; dense: ${dense.epochs} epochs of 60,000 images`,
    `${runs} fine-tunings in ${rows.length} rows: ${finetuning.epochs} epoch of ${finetuning.images.toLocaleString('en')} images each`,
    `together the work of ${Math.round(dense.epochs * 60_000 + relative * finetuning.epochs * finetuning.images).toLocaleString('en')} dense images`,
    ...rows.map(
      ({ id, label, seeds }) =>
        `  ${id.padEnd(10)} ${label}; ${seeds.length} seed${seeds.length > 1 ? 's' : ''}`,
    ),
  ].join('\n');
}

function table({ dense, rows, claim }: ExperimentResult): string {
  const lines = rows.map(({ id, before, after }) => {
    const values = after.map(({ top1 }) => top1);
    const spread = standardDeviation(values);
    const own = `${mean(values).toFixed(2)}${spread === null ? '' : ` ± ${spread.toFixed(2)}`}`;
    return `${id.padEnd(12)} ${before.toFixed(2).padStart(6)}  ${own}`;
  });
  return [
    `dense top-1 ${dense.top1.toFixed(2)} %`,
    'row          before  after fine-tuning (mean ± standard deviation over seeds)',
    ...lines,
    ...claim.map(({ sentence }) => sentence),
  ].join('\n');
}
