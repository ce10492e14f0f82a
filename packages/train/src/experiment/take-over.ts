/** An experiment goes on from what another machine has finished of it: its record, its logs and its dense weights. */
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readCheckpoint, sha256File } from '@vssm/checkpoints';
import { type PruningPlan, UserError, type Weights } from '@vssm/core';
import { densePlan } from '@vssm/families';
import type { TrainedRecord } from '@vssm/results/trained';
import type { Recipe } from '../recipe/recipe.ts';
import { readLog } from '../run/log.ts';
import { runFiles, runIdentity } from '../run/train.ts';
import { inSeedOrder, recipeOf } from './experiment.ts';
import { finishedTraining } from './finished.ts';
import { type ExperimentRun, trainingOf } from './run-experiment.ts';

export interface Earlier {
  readonly record: TrainedRecord;
  /** The folder with `dense.jsonl` and `<row>-seed<n>.jsonl`. */
  readonly logs: string;
  /** The file of the dense weights. */
  readonly dense: string;
}

type Recorded = TrainedRecord['dense'];

/**
 * Puts the earlier trainings where `runExperiment` finds them finished, those that the experiment still declares in every
 * number. Returns their names; none where `out` has a dense training already, which this one may have put there.
 *
 * @throws UserError where weights, log and record do not belong together
 */
export async function takeOver<S, B extends S, R>(
  run: ExperimentRun<S, B, R>,
  { record, logs, dense }: Earlier,
): Promise<string[]> {
  const { experiment, out } = run;
  if (existsSync(join(out, 'dense'))) return [];
  if ((await sha256File(dense)) !== record.dense.sha256) {
    throw new UserError(
      `${dense}: not the dense weights of the record, whose checksum is ${record.dense.sha256}`,
    );
  }
  const weights = (await readCheckpoint(dense)).tensors;
  const taken: string[] = [];
  const take = (name: string, plan: PruningPlan, recipe: Recipe, initial: Weights, recorded: Recorded) => {
    const training = trainingOf(run, name, plan, recipe, initial);
    const identity = runIdentity(training);
    const log = join(logs, `${name}.jsonl`);
    if (!existsSync(log) || !isOf(log, identity)) return;
    const { seed: _, curve, tests, ...outcome } = recorded;
    mkdirSync(training.out, { recursive: true });
    copyFileSync(log, join(training.out, runFiles.log));
    if (name === 'dense') copyFileSync(dense, join(training.out, runFiles.model));
    const found = finishedTraining(training.out, identity, run.subject.scoreOf, outcome as never);
    if (!isDeepStrictEqual({ curve: found!.curve, tests: found!.tests }, { curve, tests })) {
      throw new UserError(`${log}: not the log of what the record says of ${name}`);
    }
    taken.push(name);
  };
  for (const { row, seed } of inSeedOrder(experiment.rows)) {
    const recorded = record.rows
      .find((one) => one.row === row.id)
      ?.after.find((one: Recorded) => one.seed === seed);
    if (recorded === undefined) continue;
    take(`${row.id}-seed${seed}`, row.plan, recipeOf(experiment, row, seed), weights, recorded);
  }
  // Last, since whoever finds it takes nothing over any more.
  take('dense', densePlan, experiment.dense, run.initial, record.dense);
  if (taken.at(-1) !== 'dense') {
    throw new UserError(`${logs}: no dense.jsonl of ${experiment.model} as it is declared`);
  }
  return taken;
}

/** Whether the log is of a training of this identity, from its first step on. */
function isOf(log: string, identity: object): boolean {
  const [first] = readLog(log);
  // As a file holds it: without what is undefined.
  return first?.kind === 'run' && isDeepStrictEqual(first.identity, JSON.parse(JSON.stringify(identity)));
}
