/**
 * Runs an experiment: the dense training, then every row and seed, each in a folder of its own. What an earlier call
 * finished is not done again; what it left unfinished goes on where it stopped.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCheckpoint } from '@vssm/checkpoints';
import { densePlan, type PruningPlan, randomWeights, type Weights } from '@vssm/core';
import type { ImageDataset, Normalisation } from '@vssm/datasets';
import type { Recipe } from '../recipe/recipe.ts';
import { evaluate } from '../run/evaluate.ts';
import type { LogLine } from '../run/log.ts';
import { type TrainingOutcome, train } from '../run/train.ts';
import {
  claimVerdicts,
  type ExperimentResult,
  type FinetuningRow,
  type RowResult,
  type TrainingExperiment,
} from './experiment.ts';

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
}

type Finished = Extract<TrainingOutcome, { state: 'finished' }>;

/** Returns undefined when it was stopped. The result is also written to `experiment.json` in the folder. */
export async function runExperiment(run: ExperimentRun): Promise<ExperimentResult | undefined> {
  const { experiment, out } = run;
  const { spec } = experiment;
  const fresh = randomWeights(spec, experiment.dense.seed);
  const dense = await part(run, 'dense', densePlan, experiment.dense, fresh);
  if (dense === undefined) return undefined;
  const weights = (await readCheckpoint(dense.model)).tensors;
  const rows: RowResult[] = [];
  for (const row of experiment.rows) {
    const result = await finetuneRow(run, row, weights);
    if (result === undefined) return undefined;
    rows.push(result);
  }
  const result: ExperimentResult = {
    id: experiment.id,
    dense: { top1: dense.test!.top1, sha256: dense.sha256 },
    rows,
    claim: claimVerdicts(experiment, rows),
  };
  writeFileSync(join(out, 'experiment.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

async function finetuneRow(
  run: ExperimentRun,
  { id, label, plan, seeds }: FinetuningRow,
  dense: Weights,
): Promise<RowResult | undefined> {
  const { experiment, test, threads } = run;
  const after: RowResult['after'][number][] = [];
  for (const seed of seeds) {
    const name = `${id}-seed${seed}`;
    const outcome = await part(run, name, plan, { ...experiment.finetuning, seed }, dense);
    if (outcome === undefined) return undefined;
    after.push({ seed, top1: outcome.test!.top1, sha256: outcome.sha256 });
  }
  const before = await evaluate({ spec: experiment.spec, plan, dataset: test, threads }, dense);
  return { id, label, before: before.top1, after };
}

async function part(
  run: ExperimentRun,
  name: string,
  plan: PruningPlan,
  recipe: Recipe,
  initial: Weights,
): Promise<Finished | undefined> {
  const { experiment, training, test, normalisation, threads, circumstances, tell, stopped } = run;
  const { spec } = experiment;
  const folder = join(run.out, name);
  const outcomeFile = join(folder, 'outcome.json');
  const finished = readOutcome(outcomeFile);
  if (finished !== undefined) return finished;
  const outcome = await train({
    spec,
    plan,
    recipe,
    initial,
    dataset: training,
    normalisation,
    threads,
    out: folder,
    saveEvery: 200,
    logEvery: 20,
    circumstances,
    evaluate: (weights) => evaluate({ spec, plan, dataset: test, threads }, weights),
    tell: (line, steps) => tell?.(name, line, steps),
    ...(stopped !== undefined && { stopped }),
  });
  if (outcome.state === 'stopped') return undefined;
  writeFileSync(outcomeFile, `${JSON.stringify(outcome, null, 2)}\n`);
  return outcome;
}

function readOutcome(path: string): Finished | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Finished;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
