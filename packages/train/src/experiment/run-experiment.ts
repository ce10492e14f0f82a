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
import type { ImageDataset, Normalisation } from '@vssm/datasets';
import { densePlan, modelFlops, parameterCount, tokenCounts } from '@vssm/families';
import { type FinetuningRecord, packRight, schemaVersion } from '@vssm/results';
import { imageExamples } from '../data/examples.ts';
import type { Recipe } from '../recipe/recipe.ts';
import { evaluate, evaluateEach } from '../run/evaluate.ts';
import type { ClassificationEvaluation, LogLine } from '../run/log.ts';
import { runIdentity, type TrainingRun, train } from '../run/train.ts';
import { freshWeights } from '../table.ts';
import {
  type FinetuningRow,
  inSeedOrder,
  type PrunedRow,
  recipeOf,
  type TrainingExperiment,
} from './experiment.ts';
import { type FinishedTraining, finishedTraining } from './finished.ts';
import { verdicts } from './verdict.ts';

export interface ExperimentRun {
  readonly experiment: TrainingExperiment;
  readonly training: ImageDataset;
  readonly test: ImageDataset;
  readonly normalisation: Normalisation;
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
export async function runExperiment(run: ExperimentRun): Promise<FinetuningRecord | undefined> {
  const { experiment, out, soFar = false } = run;
  const { spec } = experiment;
  const dense = await trainPart(
    run,
    'dense',
    densePlan,
    experiment.dense,
    freshWeights(spec, experiment.dense.seed),
  );
  if (dense === undefined) {
    if (soFar) throw new UserError(`${out}: the dense training of ${experiment.model} is not finished`);
    return undefined;
  }
  const weights = (await readCheckpoint(join(out, 'dense', 'model.safetensors'))).tensors;
  const after = new Map<FinetuningRow, FinishedTraining[]>(experiment.rows.map((row) => [row, []]));
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
  return before === undefined ? undefined : recordOf(run, dense, rows, before, after);
}

async function trainPart(
  run: ExperimentRun,
  name: string,
  plan: PruningPlan,
  recipe: Recipe,
  initial: Weights,
): Promise<FinishedTraining | undefined> {
  const { experiment, test, threads, tell, stopped } = run;
  const { spec } = experiment;
  const training: TrainingRun = {
    spec,
    plan,
    recipe,
    initial,
    examples: imageExamples(run.training, run.normalisation),
    threads,
    out: join(run.out, name),
    saveEvery: 200,
    logEvery: 20,
    circumstances: run.circumstances,
    evaluate: (weights) => evaluate({ spec, plan, dataset: test, threads }, weights),
    tell: (line, steps) => tell?.(name, line, steps),
    ...(stopped !== undefined && { stopped }),
  };
  const done = finishedTraining(training.out, runIdentity(training));
  if (done !== undefined || run.soFar === true) return done;
  const outcome = await train(training);
  if (outcome.state === 'stopped') return undefined;
  return finishedTraining(training.out, runIdentity(training), {
    steps: outcome.steps,
    correct: (outcome.test as ClassificationEvaluation).correct,
    sha256: await sha256File(outcome.model),
  });
}

/** Test images that are right, and which. */
interface Before {
  readonly correct: number;
  /** See packRight. */
  readonly right: string;
}

/** What the dense weights get right under every plan, kept in `before.json`; undefined when it was stopped. */
async function evaluateBefore(
  { experiment, test, threads, out, stopped }: ExperimentRun,
  rows: readonly PrunedRow[],
  weights: Weights,
  sha256: string,
): Promise<ReadonlyMap<PrunedRow, Before> | undefined> {
  const { spec } = experiment;
  const file = join(out, 'before.json');
  const kept: { [of: string]: Partial<Before> } = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : {};
  const found = new Map<PrunedRow, Before>();
  for (const row of rows) {
    const { plan } = row;
    const of = digest({ sha256, spec, plan, test: test.checksum });
    // A folder of an earlier version knows how many, not which.
    let { correct, right } = kept[of] ?? {};
    if (correct === undefined || right === undefined) {
      if (stopped?.() === true) return undefined;
      const each = await evaluateEach({ spec, plan, dataset: test, threads }, weights);
      correct = each.evaluation.correct;
      right = packRight(each.right);
      kept[of] = { correct, right };
      writeWhole(file, `${JSON.stringify(kept, null, 2)}\n`);
    }
    found.set(row, { correct, right });
  }
  return found;
}

function recordOf(
  { experiment, training, test }: ExperimentRun,
  dense: FinishedTraining,
  rows: readonly FinetuningRow[],
  before: ReadonlyMap<PrunedRow, Before>,
  after: ReadonlyMap<FinetuningRow, readonly FinishedTraining[]>,
): FinetuningRecord {
  const { id, title, model, spec, trainingFree, claims } = experiment;
  const split = ({ split: name, checksum, samples }: ImageDataset) => ({
    split: name,
    sha256: checksum,
    total: samples.length,
  });
  const percent = (correct: number) => (100 * correct) / test.samples.length;
  const pruned = ({ id: row, label, arm, keep, plan }: PrunedRow) => ({
    row,
    label,
    arm,
    keep,
    plan: { ...plan, schedule: [...plan.schedule] },
    schedule: formatSchedule(plan.schedule),
    flops: {
      paper: modelFlops(spec, plan, 'paper').total / 1e9,
      strict: modelFlops(spec, plan, 'strict').total / 1e9,
    },
    tokens: [...tokenCounts(spec, plan)],
  });
  const found = {
    experiment: id,
    title,
    model: { name: model, spec, params: parameterCount(spec) },
    dataset: { name: experiment.dataset, training: split(training), test: split(test) },
    recipes: { dense: { ...experiment.dense }, finetuning: { ...experiment.finetuning } },
    dense,
    rows: rows.map((row) => ({
      ...pruned(row),
      ...(row.learningRate !== undefined && { learningRate: row.learningRate }),
      ...(row.paper !== undefined && { paper: row.paper.map((one) => ({ ...one })) }),
      before: before.get(row)!.correct,
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
        top1: after.get(row)!.map(({ correct }) => percent(correct)),
      })),
    ),
  };
  return {
    schema: schemaVersion,
    kind: 'finetuning',
    key: `${id}.${digest(found).slice(0, 24)}`,
    ...found,
  };
}

function digest(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}
