/**
 * Runs an experiment: the dense training, every fine-tuning, each in a folder of its own, then what every plan leaves of
 * the dense model. What an earlier call finished is not done again; what it left unfinished goes on where it stopped.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCheckpoint, sha256File } from '@vssm/checkpoints';
import { formatSchedule, type PruningPlan, UserError, type Weights } from '@vssm/core';
import { writeWhole } from '@vssm/core/files';
import { densePlan, modelFlops, tokenCounts } from '@vssm/families';
import { schemaVersion } from '@vssm/results';
import type { Recipe } from '../recipe/recipe.ts';
import type { LogLine } from '../run/log.ts';
import { runIdentity, type TrainingRun, train } from '../run/train.ts';
import { backboneOf, type TrainedSpec } from '../trained-spec.ts';
import {
  type FinetuningRow,
  inSeedOrder,
  type PrunedRow,
  recipeOf,
  type TrainingExperiment,
} from './experiment.ts';
import { type FinishedTraining, finishedTraining } from './finished.ts';
import type { Findings, Subject } from './subject.ts';
import { verdicts } from './verdict.ts';

export interface ExperimentRun<S, B extends S, R> {
  readonly experiment: TrainingExperiment<TrainedSpec>;
  readonly subject: Subject<S, B, R>;
  /** What the dense training begins with. */
  readonly initial: Weights;
  readonly threads: number;
  readonly out: string;
  readonly circumstances: Readonly<Record<string, unknown>>;
  /** Which part is being done, and every line of its log. */
  readonly tell?: (part: string, line: LogLine, stepsInAll: number) => void;
  readonly stopped?: () => boolean;
  /** Train nothing: the record of what earlier calls have finished. */
  readonly soFar?: boolean;
}

/**
 * Returns undefined when it was stopped.
 *
 * @throws UserError where only what is finished is asked for, and that is not enough for a record
 */
export async function runExperiment<S, B extends S, R>(run: ExperimentRun<S, B, R>): Promise<R | undefined> {
  const { experiment, out, soFar = false } = run;
  const dense = await trainPart(run, 'dense', densePlan, experiment.dense, run.initial);
  if (dense === undefined) {
    if (soFar) throw new UserError(`${out}: the dense training of ${experiment.model} is not finished`);
    return undefined;
  }
  const weights = (await readCheckpoint(join(out, 'dense', 'model.safetensors'))).tensors;
  const after = new Map<FinetuningRow, FinishedTraining<S>[]>(experiment.rows.map((row) => [row, []]));
  for (const { row, seed } of inSeedOrder(experiment.rows)) {
    const recipe = recipeOf(experiment, row, seed);
    const finished = await trainPart(run, `${row.id}-seed${seed}`, row.plan, recipe, weights);
    if (finished !== undefined) after.get(row)!.push(finished);
    else if (!soFar) return undefined;
  }
  const rows = experiment.rows.filter((row) => after.get(row)!.length > 0);
  if (rows.length === 0) throw new UserError(`${out}: no fine-tuning of ${experiment.model} is finished`);
  const before = await evaluateBefore(
    run,
    [...(experiment.trainingFree ?? []), ...rows],
    weights,
    dense.sha256,
  );
  if (before === undefined) return undefined;
  return run.subject.record(experiment.model, findings(run, dense, rows, before, after));
}

/** A training of the experiment, in the folder of its name. */
export function trainingOf<S, B extends S, R>(
  { experiment, subject, out, threads, circumstances, tell, stopped }: ExperimentRun<S, B, R>,
  name: string,
  plan: PruningPlan,
  recipe: Recipe,
  initial: Weights,
): TrainingRun {
  return {
    ...{ spec: experiment.spec, plan, recipe, initial, examples: subject.examples, threads, circumstances },
    out: join(out, name),
    saveEvery: 200,
    logEvery: 20,
    evaluate: (weights) => subject.evaluate(plan, weights, stopped),
    tell: (line, steps) => tell?.(name, line, steps),
    ...(stopped !== undefined && { stopped }),
  };
}

async function trainPart<S, B extends S, R>(
  run: ExperimentRun<S, B, R>,
  name: string,
  plan: PruningPlan,
  recipe: Recipe,
  initial: Weights,
): Promise<FinishedTraining<S> | undefined> {
  const { scoreOf } = run.subject;
  const training = trainingOf(run, name, plan, recipe, initial);
  const identity = runIdentity(training);
  const done = finishedTraining(training.out, identity, scoreOf);
  if (done !== undefined || run.soFar === true) return done;
  const outcome = await train(training);
  if (outcome.state === 'stopped') return undefined;
  return finishedTraining(training.out, identity, scoreOf, {
    steps: outcome.steps,
    ...scoreOf(outcome.test!),
    sha256: await sha256File(outcome.model),
  });
}

/** What the dense weights reach under every plan, kept in `before.json`; undefined when it was stopped. */
async function evaluateBefore<S, B extends S, R>(
  { experiment, subject, out, stopped }: ExperimentRun<S, B, R>,
  rows: readonly PrunedRow[],
  weights: Weights,
  sha256: string,
): Promise<ReadonlyMap<PrunedRow, B> | undefined> {
  const { spec } = experiment;
  const { splits } = subject;
  const file = join(out, 'before.json');
  const kept: { [of: string]: Partial<B> } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const found = new Map<PrunedRow, B>();
  for (const row of rows) {
    const { plan } = row;
    const of = digest({ sha256, spec, plan, test: splits.test.sha256 });
    let one: Partial<B> | undefined = kept[of];
    if (one === undefined || !subject.isWhole(one)) {
      if (stopped?.() === true) return undefined;
      one = (await subject.before(plan, weights, stopped)) as B | undefined;
      if (one === undefined) return undefined;
      kept[of] = one;
      writeWhole(file, `${JSON.stringify(kept, null, 2)}\n`);
    }
    found.set(row, one as B);
  }
  return found;
}

function findings<S, B extends S, R>(
  { experiment, subject }: ExperimentRun<S, B, R>,
  dense: FinishedTraining<S>,
  rows: readonly FinetuningRow[],
  before: ReadonlyMap<PrunedRow, B>,
  after: ReadonlyMap<FinetuningRow, readonly FinishedTraining<S>[]>,
): Findings<S, B> {
  const { id, title, spec, trainingFree, claims } = experiment;
  const { splits } = subject;
  const backbone = backboneOf(spec);
  const pruned = ({ id: row, label, arm, keep, plan }: PrunedRow) => ({
    row,
    label,
    arm,
    keep,
    plan: { ...plan, schedule: [...plan.schedule] },
    schedule: formatSchedule(plan.schedule),
    flops: {
      paper: modelFlops(backbone, plan, 'paper').total / 1e9,
      strict: modelFlops(backbone, plan, 'strict').total / 1e9,
    },
    tokens: [...tokenCounts(backbone, plan)],
  });
  const found = {
    experiment: id,
    title,
    dataset: { name: experiment.dataset, ...splits },
    recipes: { dense: { ...experiment.dense }, finetuning: { ...experiment.finetuning } },
    dense,
    rows: rows.map((row) => ({
      ...pruned(row),
      ...(row.learningRate !== undefined && { learningRate: row.learningRate }),
      ...(row.paper !== undefined && { paper: row.paper.map((one) => ({ ...one })) }),
      before: subject.figure(before.get(row)!),
      after: [...after.get(row)!],
    })),
    ...(trainingFree !== undefined && {
      trainingFree: trainingFree.map((row) => ({ ...pruned(row), ...before.get(row)! })),
    }),
    verdicts: verdicts(
      claims,
      rows.map((row) => ({
        arm: row.arm,
        keep: row.keep,
        ends: after.get(row)!.map(subject.percent),
      })),
    ),
  };
  return { schema: schemaVersion, key: `${id}.${digest({ spec, ...found }).slice(0, 24)}`, ...found };
}

function digest(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
