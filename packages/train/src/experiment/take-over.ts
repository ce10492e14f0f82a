/** An experiment goes on from what another machine has finished of it: its record, its logs and its dense weights. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readCheckpoint, sha256File } from '@vssm/checkpoints';
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import { densePlan } from '@vssm/families';
import type { TrainedRecord } from '@vssm/results/trained';
import type { Recipe } from '../recipe/recipe.ts';
import { type Evaluation, type LogLine, readLog } from '../run/log.ts';
import type { RunIdentity } from '../run/state.ts';
import { runFiles, runIdentity, type TrainingRun } from '../run/train.ts';
import { inSeedOrder, recipeOf } from './experiment.ts';
import { curveOf, finishedTraining, testsOf } from './finished.ts';
import { type ExperimentRun, trainingOf } from './run-experiment.ts';

export interface Earlier {
  readonly record: TrainedRecord;
  /** The folder with `dense.jsonl` and `<row>-seed<n>.jsonl`. */
  readonly logs: string;
  /** The file of the dense weights. */
  readonly dense: string;
}

type Recorded = TrainedRecord['dense'];

/** One of its trainings, found to be as the record says and as the experiment declares it. */
interface Found {
  readonly name: string;
  readonly training: TrainingRun;
  readonly identity: RunIdentity;
  readonly log: string;
  readonly recorded: Recorded;
}

/**
 * Puts the earlier trainings where `runExperiment` finds them finished, those that the experiment still declares in every
 * number. Returns their names; none where `out` has a finished dense training, which this one may have put there.
 *
 * @throws UserError where weights, log and record do not belong together; then nothing is written
 */
export async function takeOver<S, B extends S, R>(
  run: ExperimentRun<S, B, R>,
  { record, logs, dense }: Earlier,
): Promise<string[]> {
  const { experiment, out, subject } = run;
  if (existsSync(join(out, 'dense', 'outcome.json'))) return [];
  if ((await sha256File(dense)) !== record.dense.sha256) {
    throw new UserError(
      `${dense}: not the dense weights of the record, whose checksum is ${record.dense.sha256}`,
    );
  }
  const weights = (await readCheckpoint(dense)).tensors;
  const found: Found[] = [];
  const look = (name: string, plan: PruningPlan, recipe: Recipe, initial: Weights, recorded: Recorded) => {
    const training = trainingOf(run, name, plan, recipe, initial);
    const identity = runIdentity(training);
    const log = join(logs, `${name}.jsonl`);
    if (!existsSync(log)) return;
    const lines = readLog(log);
    if (!isOf(lines, identity)) return;
    if (!saysAsRecorded(lines, subject.scoreOf, recorded)) {
      throw new UserError(`${log}: not the log of what the record says of ${name}`);
    }
    found.push({ name, training, identity, log, recorded });
  };
  for (const { row, seed } of inSeedOrder(experiment.rows)) {
    const recorded = record.rows
      .find((one) => one.row === row.id)
      ?.after.find((one: Recorded) => one.seed === seed);
    if (recorded === undefined) continue;
    look(`${row.id}-seed${seed}`, row.plan, recipeOf(experiment, row, seed), weights, recorded);
  }
  // Last, since whoever finds it takes nothing over any more.
  look('dense', densePlan, experiment.dense, run.initial, record.dense);
  if (found.at(-1)?.name !== 'dense') {
    throw new UserError(`${logs}: no dense.jsonl of ${experiment.model} as it is declared`);
  }
  for (const { name, training, identity, log, recorded } of found) {
    const { seed: _, curve: __, tests: ___, ...outcome } = recorded;
    mkdirSync(training.out, { recursive: true });
    copyFileSync(log, join(training.out, runFiles.log));
    if (name === 'dense') copyFileSync(dense, join(training.out, runFiles.model));
    finishedTraining(training.out, identity, subject.scoreOf, outcome as never);
  }
  return found.map(({ name }) => name);
}

/** Whether the log is of a training of this identity, from its first step on. */
function isOf([first]: readonly LogLine[], identity: object): boolean {
  // As a file holds it: without what is undefined.
  return first?.kind === 'run' && isDeepStrictEqual(first.identity, JSON.parse(JSON.stringify(identity)));
}

/** Whether a log ends where the record does, by the same way. */
function saysAsRecorded<S>(
  lines: readonly LogLine[],
  scoreOf: (evaluation: Evaluation) => S,
  { curve, tests, seed: _, sha256: __, steps, ...score }: Recorded,
): boolean {
  const last = lines.findLast((line) => line.kind === 'epoch');
  return (
    last?.step === steps &&
    isDeepStrictEqual(last.test && scoreOf(last.test), score) &&
    isDeepStrictEqual({ curve: curveOf(lines), tests: testsOf(lines, scoreOf) }, { curve, tests })
  );
}
