/** The work of `vssm experiment`: dense training, evaluations and every fine-tuning row, resumable at any point. */
import { join } from 'node:path';
import { trainingCode, writeRunHeader } from '@vssm/bench';
import { experiments as classToken, finetunedTable, lossTables } from '@vssm/bench-class-token';
import { experiment as finetuning } from '@vssm/bench-finetuning';
import { experiments as headline } from '@vssm/bench-headline';
import { counted, oneOf, UserError } from '@vssm/core';
import { parameterCount, tokensPerBlock } from '@vssm/families';
import { type FinetuningRecord, openResults, type Results } from '@vssm/results';
import { mean, standardDeviation } from '@vssm/results/statistics';
import { runExperiment, type TrainingExperiment } from '@vssm/train';
import { type ExperimentName, type ExperimentOptions, experimentNames } from '../options/experiment.ts';
import { note, printResult } from '../output.ts';
import { circumstances, progressLine, stopOnSignal, trainingThreads } from '../training.ts';
import { openTrainingImages } from '../training-images.ts';

interface Named {
  /** Each in a folder of its own, where there are several. */
  readonly experiments: readonly TrainingExperiment[];
  table(records: readonly FinetuningRecord[]): string;
}

const named: Readonly<Record<ExperimentName, Named>> = {
  finetuning: { experiments: [finetuning], table: (records) => records.map(table).join('\n') },
  headline: { experiments: headline, table: (records) => records.map(table).join('\n\n') },
  'class-token': {
    experiments: classToken,
    table: (records) => [lossTables(records), finetunedTable(records)].join('\n\n'),
  },
};

export async function runTheExperiment(options: ExperimentOptions): Promise<void> {
  const { experiments: all, table: tableOf } = named[options.name ?? experimentNames[0]];
  const single = all.length === 1;
  const experiments = options.part === undefined ? all : [partOf(all, options.part)];
  if (options.plan === true) {
    const plans = experiments.map((one) => (single ? planned(one) : `${one.id}: ${planned(one)}`));
    return printResult(options, single ? experiments[0] : { experiments }, plans.join('\n'));
  }
  const results = openResults(options.out);
  try {
    const records: FinetuningRecord[] = [];
    for (const experiment of experiments) {
      const record = await runIn(results, options, experiment, single ? [] : [experiment.id]).catch(
        (error) => {
          // Of what is finished, parts that have not begun are no part.
          if (options.soFar !== true || experiments.length === 1 || !(error instanceof UserError))
            throw error;
          note(`note: ${error.message}`);
        },
      );
      if (record !== undefined) records.push(record);
      else if (options.soFar !== true) return;
    }
    if (records.length === 0)
      throw new UserError(`${options.out}: nothing is finished; run without --so-far`);
    printResult(options, single ? records[0] : { records }, tableOf(records));
  } finally {
    results.close();
  }
}

function partOf(all: readonly TrainingExperiment[], part: string): TrainingExperiment {
  const ids = all.map(({ id }) => id);
  return all[ids.indexOf(oneOf('--part', part, ids))];
}

/**
 * Undefined when it was stopped.
 *
 * @param within folders below `--out`
 */
async function runIn(
  results: Results,
  options: ExperimentOptions,
  experiment: TrainingExperiment,
  within: readonly string[],
): Promise<FinetuningRecord | undefined> {
  for (const repair of results.repairs) note(repair);
  const { training, test, normalisation } = await openTrainingImages(
    { dataset: 'fashion-mnist', data: options.data },
    'fashion-mnist',
    experiment.spec.imageWidth,
  );
  const threads = trainingThreads(experiment.spec, experiment.dense, options.threads);
  const stop = stopOnSignal();
  let part = '';
  let show = progressLine();
  try {
    const record = await runExperiment({
      experiment,
      training,
      test: test!,
      normalisation,
      threads,
      out: join(options.out, ...within),
      circumstances: await circumstances(threads),
      tell(name, line, steps) {
        if (name !== part) {
          note([...within, name].join(' '));
          show = progressLine();
        }
        part = name;
        show(line, steps);
      },
      stopped: () => stop.signal !== null,
      ...(options.soFar === true && { soFar: true }),
    });
    if (record === undefined) {
      process.stderr.write('stopped; run the same command again to go on\n');
      process.exitCode = stop.exitCode;
      return undefined;
    }
    if (!results.has(record.key)) {
      writeRunHeader(results, ['vssm', ...process.argv.slice(2)], trainingCode(), null);
      results.append(record);
    }
    return record;
  } finally {
    stop.release();
    await training.close();
    await test?.close();
  }
}

function planned({ spec, dense, finetuning, trainingFree = [], rows }: TrainingExperiment): string {
  const runs = rows.reduce((sum, { seeds }) => sum + seeds.length, 0);
  const idWidth = Math.max(...rows.map(({ id }) => id.length));
  const learned = dense.images || 60_000;
  const relative = rows.reduce((sum, { plan, seeds }) => {
    const tokens =
      plan.alignment === 'mask' ? 1 : mean(tokensPerBlock(spec, plan)) / tokensPerBlock(spec, plan)[0];
    return sum + seeds.length * tokens;
  }, 0);
  return [
    `${counted(parameterCount(spec), 'parameter')}; dense: ${counted(dense.epochs, 'epoch')} of ${counted(learned, 'image')}`,
    ...(trainingFree.length > 0 ? [`${counted(trainingFree.length, 'evaluation')} of the dense model`] : []),
    `${counted(runs, 'fine-tuning')} in ${counted(rows.length, 'row')}: ${counted(finetuning.epochs, 'epoch')} of ${counted(finetuning.images, 'image')} each`,
    `together the work of ${counted(Math.round(dense.epochs * learned + relative * finetuning.epochs * finetuning.images), 'dense image')}`,
    ...rows.map(
      ({ id, label, seeds }) => `  ${id.padEnd(idWidth)}  ${label}; ${counted(seeds.length, 'seed')}`,
    ),
  ].join('\n');
}

function table({ model, dense, rows, verdicts, dataset }: FinetuningRecord): string {
  const percent = (correct: number) => (100 * correct) / dataset.test.total;
  const width = Math.max(...rows.map(({ row }) => row.length));
  const lines = rows.map(({ row, before, after }) => {
    const values = after.map(({ correct }) => percent(correct));
    const spread = standardDeviation(values);
    const own = `${mean(values).toFixed(2)}${spread === null ? '' : ` ± ${spread.toFixed(2)}`}`;
    return `${row.padEnd(width)} ${percent(before).toFixed(2).padStart(6)}  ${own}`;
  });
  return [
    `${model.name}: dense top-1 ${percent(dense.correct).toFixed(2)} %`,
    `${'row'.padEnd(width)} before  after fine-tuning (mean ± standard deviation over seeds)`,
    ...lines,
    ...verdicts.map(sentence),
  ].join('\n');
}

const outcomes: Readonly<Record<FinetuningRecord['verdicts'][number]['outcome'], string>> = {
  supports: 'our data support the claim',
  contradicts: 'our data contradict the claim',
  undecided: 'our data do not decide the claim',
  'one seed': 'with one seed no statement about chance is possible',
};

function sentence({
  arm,
  against,
  keep,
  gain,
  interval,
  margin,
  outcome,
}: FinetuningRecord['verdicts'][number]): string {
  const range = interval === null ? '' : ` (95 %: ${interval.map((end) => end.toFixed(2)).join(' to ')})`;
  const points = `${Math.abs(gain).toFixed(2)} points ${gain < 0 ? 'below' : 'above'} ${against}${range}`;
  const claimed = margin === undefined ? '' : ` (claimed: at most ${margin} below)`;
  return `after fine-tuning, at keep ${keep}, ${arm} is ${points}${claimed}: ${outcomes[outcome]}`;
}
