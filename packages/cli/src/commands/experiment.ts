/** The work of `vssm experiment`: dense training, evaluations and every fine-tuning row, resumable at any point. */
import { join } from 'node:path';
import { trainingCode, writeRunHeader } from '@vssm/bench';
import { experiments as classToken, finetunedTable, lossTables } from '@vssm/bench-class-token';
import { experiment as finetuning } from '@vssm/bench-finetuning';
import { experiments as headline } from '@vssm/bench-headline';
import { sceneFolder, experiment as scenes } from '@vssm/bench-scenes';
import { counted, oneOf, UserError } from '@vssm/core';
import { parameterCount, tokensPerBlock } from '@vssm/families';
import { openResults, type Results } from '@vssm/results';
import { mean } from '@vssm/results/statistics';
import type { TrainedRecord } from '@vssm/results/trained';
import { backboneOf, isSegmenter } from '@vssm/train';
import { visionParameterCount } from '@vssm/vision-tasks';
import { earlierIn } from '../experiment/earlier.ts';
import { type Experiment, type Ground, type How, openGround } from '../experiment/ground.ts';
import { experimentTable } from '../experiment/table.ts';
import { type ExperimentName, type ExperimentOptions, experimentNames } from '../options/experiment.ts';
import { note, printResult } from '../output.ts';
import { circumstances, progressLine, stopOnSignal, trainingThreads } from '../training.ts';

interface Named {
  /** Each in a folder of its own, where there are several. */
  readonly experiments: readonly Experiment[];
  table(records: readonly TrainedRecord[]): string;
}

const tables = (records: readonly TrainedRecord[]) => records.map(experimentTable).join('\n\n');

const named: Readonly<Record<ExperimentName, Named>> = {
  finetuning: { experiments: [finetuning], table: tables },
  headline: { experiments: headline, table: tables },
  scenes: { experiments: [scenes], table: tables },
  'class-token': {
    experiments: classToken,
    table: (records) => {
      const own = records.filter((record) => record.kind === 'finetuning');
      return [lossTables(own), finetunedTable(own)].join('\n\n');
    },
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
    const records: TrainedRecord[] = [];
    for (const experiment of experiments) {
      const record = await runIn(results, options, experiment, single ? [] : [experiment.id]).catch(
        (error) => {
          // Of what is finished, parts that have not begun are no part.
          if (options.soFar !== true || experiments.length === 1 || !(error instanceof UserError))
            throw error;
          note(`note: ${error.message}`);
        },
      );
      if (record === 'stopped') return;
      if (record !== undefined) records.push(record);
    }
    if (records.length === 0)
      throw new UserError(`${options.out}: nothing is finished; run without --so-far`);
    printResult(options, single ? records[0] : { records }, tableOf(records));
  } finally {
    results.close();
  }
}

function partOf(all: readonly Experiment[], part: string): Experiment {
  const ids = all.map(({ id }) => id);
  return all[ids.indexOf(oneOf('--part', part, ids))];
}

/**
 * @param within folders below `--out`
 */
async function runIn(
  results: Results,
  options: ExperimentOptions,
  experiment: Experiment,
  within: readonly string[],
): Promise<TrainedRecord | 'stopped'> {
  for (const repair of results.repairs) note(repair);
  const out = join(options.out, ...within);
  const threads = trainingThreads(experiment.spec, experiment.dense, options.threads);
  const ground = await openGround(experiment, { data: options.data, out, soFar: options.soFar });
  const stop = stopOnSignal();
  let part = '';
  let show = progressLine();
  const how = {
    ...{ threads, out },
    circumstances: await circumstances(threads),
  };
  try {
    if (options.from !== undefined) await goOnFrom(options.from, experiment, ground, how);
    const record = await ground.run({
      ...how,
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
      return 'stopped';
    }
    if (!results.has(record.key)) {
      writeRunHeader(results, ['vssm', ...process.argv.slice(2)], trainingCode(), null);
      results.append(record);
    }
    return record;
  } finally {
    stop.release();
    await ground.close();
  }
}

/** `--from`: says what is taken over. */
async function goOnFrom(from: string, { id }: Experiment, ground: Ground, how: How): Promise<void> {
  const earlier = await earlierIn(from, id);
  if (earlier === undefined) return note(`note: ${from} has no record of ${id}: it begins from nothing`);
  const taken = await ground.takeOver(earlier, how);
  const what = taken.length > 0 ? taken.join(', ') : `nothing, since ${how.out} has a dense training already`;
  note(`${id}, taken over from ${from}: ${what}`);
}

function planned({ spec, dense, finetuning, trainingFree = [], rows }: Experiment): string {
  const backbone = backboneOf(spec);
  const parameters = isSegmenter(spec) ? visionParameterCount(spec) : parameterCount(spec);
  const runs = rows.reduce((sum, { seeds }) => sum + seeds.length, 0);
  const idWidth = Math.max(...rows.map(({ id }) => id.length));
  const learned = dense.images || (isSegmenter(spec) ? sceneFolder.images : 60_000);
  const relative = rows.reduce((sum, { plan, seeds }) => {
    const tokens =
      plan.alignment === 'mask'
        ? 1
        : mean(tokensPerBlock(backbone, plan)) / tokensPerBlock(backbone, plan)[0];
    return sum + seeds.length * tokens;
  }, 0);
  return [
    `${counted(parameters, 'parameter')}; dense: ${counted(dense.epochs, 'epoch')} of ${counted(learned, 'image')}`,
    ...(trainingFree.length > 0 ? [`${counted(trainingFree.length, 'evaluation')} of the dense model`] : []),
    `${counted(runs, 'fine-tuning')} in ${counted(rows.length, 'row')}: ${counted(finetuning.epochs, 'epoch')} of ${counted(finetuning.images, 'image')} each`,
    `together the work of ${counted(Math.round(dense.epochs * learned + relative * finetuning.epochs * finetuning.images), 'dense image')}`,
    ...rows.map(
      ({ id, label, seeds }) => `  ${id.padEnd(idWidth)}  ${label}; ${counted(seeds.length, 'seed')}`,
    ),
  ].join('\n');
}
