/**
 * From experiments to tasks: which rows can be run with what is there, on which images, under which keys. Rows
 * of several experiments that come down to the same evaluation become one task.
 */
import { type PruningPlan, UserError } from '@vssm/core';
import { type ImageDataset, recipeOfModel } from '@vssm/datasets';
import { type ModelSpec, sequenceLength } from '@vssm/families';
import { schemaVersion } from '@vssm/results';
import type { MadeWith } from './code/made-with.ts';
import { type Cost, costOf } from './cost.ts';
import { type DatasetId, datasetNames } from './dataset-names.ts';
import { checkFit } from './datasets.ts';
import { planDenseRow } from './dense/task.ts';
import type { AccuracyRow, Experiment, ExperimentRow, SpeedRow, StripRow } from './experiment.ts';
import { chooseImages, type ImageChoice } from './images.ts';
import { keyOf } from './keys.ts';
import { benchModels } from './models.ts';
import type { ReadyModel, Resources } from './resources.ts';
import { planCpuRow } from './rivals/plan.ts';
import type { CpuRow } from './rivals/rows.ts';
import { skippedRecord } from './skipped.ts';
import type {
  EvaluationTask,
  RecordHead,
  SkippedTask,
  SpeedBudget,
  SpeedTask,
  StripTask,
  Task,
} from './tasks.ts';

export interface PlanSettings {
  readonly full: boolean;
  /** Ids of the experiments that were asked for by name. */
  readonly only: readonly string[];
  readonly limit: number | undefined;
  readonly sampleSizes: Readonly<Record<DatasetId, number>>;
  readonly speedBudget: SpeedBudget;
  readonly threads: number;
  readonly backend: { readonly name: string; readonly form: string; readonly runtime: string };
  /** Hash of the code that a result is made with, on the backend of the run. */
  readonly code: (made: Omit<MadeWith, 'backend'>) => string;
  /** What a time depends on besides the code: processor, system, Node. */
  readonly machine: Readonly<Record<string, string | number>>;
}

/** @throws UserError for a file that is named but cannot be used, and for a model that does not fit its data */
export async function planTasks(
  experiments: readonly Experiment[],
  resources: Resources,
  settings: PlanSettings,
): Promise<Task[]> {
  const tasks: Task[] = [];
  const evaluations = new Map<string, number>();
  for (const experiment of experiments) {
    const planner = new ExperimentPlanner(experiment, resources, settings);
    for (const task of await planner.tasks()) {
      const first = task.kind === 'evaluation' ? evaluations.get(task.key) : undefined;
      if (first === undefined) {
        if (task.kind === 'evaluation') evaluations.set(task.key, tasks.length);
        tasks.push(task);
        continue;
      }
      const shared = tasks[first] as EvaluationTask;
      tasks[first] = { ...shared, heads: [...shared.heads, ...(task as EvaluationTask).heads] };
    }
  }
  return tasks;
}

/** The experiments of the given ids; all when none is given. */
export function selectExperiments(
  experiments: readonly Experiment[],
  only: readonly string[],
): readonly Experiment[] {
  const known = experiments.map(({ id }) => id);
  for (const id of only) {
    if (!known.includes(id))
      throw new UserError(`--only "${id}": expected some of ${known.join(', ')}, joined by commas`);
  }
  return only.length === 0 ? experiments : experiments.filter(({ id }) => only.includes(id));
}

class ExperimentPlanner {
  readonly #experiment: Experiment;
  readonly #resources: Resources;
  readonly #settings: PlanSettings;

  constructor(experiment: Experiment, resources: Resources, settings: PlanSettings) {
    this.#experiment = experiment;
    this.#resources = resources;
    this.#settings = settings;
  }

  async tasks(): Promise<Task[]> {
    const tasks: Task[] = [];
    for (const row of this.#experiment.rows) {
      const task = await this.#task(row);
      if (task !== null) tasks.push(task);
    }
    return tasks;
  }

  async #task(row: ExperimentRow): Promise<Task | null> {
    switch (row.kind) {
      case 'accuracy':
        return this.#evaluation(row);
      case 'speed':
        return row.against === null ? this.#speed(row) : null;
      case 'strip':
        return this.#strip(row);
      case 'dense':
        return planDenseRow(row, this.#resources.dense, {
          experiment: this.#experiment.id,
          limit: this.#settings.limit,
          head: (own, work) => this.#head(own, work),
        });
      case 'rivals':
      case 'lengths':
      case 'profile':
        return this.#cpu(row);
      default:
        throw row satisfies never;
    }
  }

  async #evaluation(row: AccuracyRow): Promise<Task | null> {
    const opened = await this.#open(row);
    if ('kind' in opened) return opened;
    const { model, dataset } = opened;
    const images = this.#images(row, dataset);
    const twin = this.#experiment.rows.find(({ id }) => id === row.unlessSameAs);
    if (twin?.kind === 'accuracy' && this.#images(twin, dataset).idsHash === images.idsHash) return null;

    const batch = batchSize(model.spec);
    const key = keyOf([row.model, row.dataset], {
      ...this.#method({ work: 'accuracy', dataset: row.dataset }, model, row.plan),
      dataset: describeDataset(dataset),
      images: { how: images.how, count: images.indices.length, seed: images.seed, ids: images.idsHash },
      batch,
    });
    const { plan, dataset: datasetId } = row;
    const heads = [this.#head(row, key)];
    const { runtime } = this.#settings.backend;
    const code = this.#codeOf({ work: 'accuracy', dataset: row.dataset }, model);
    const method = { code, runtime, plan, batch };
    return { kind: 'evaluation', key, model, datasetId, dataset, images, ...method, heads };
  }

  #speed(dense: SpeedRow): SpeedTask {
    const { speedBudget: budget, threads, machine } = this.#settings;
    const pruned = this.#experiment.rows.filter(
      (row): row is SpeedRow => row.kind === 'speed' && row.against === dense.id,
    );
    const rows = [dense, ...pruned];
    for (const row of pruned) {
      if (row.model !== dense.model || row.batch !== dense.batch) {
        throw new Error(`${this.#experiment.id}: row ${row.id} and ${dense.id} differ in model or batch`);
      }
    }
    const model = this.#resources.random(dense.model);
    const key = keyOf([dense.model, 'speed'], {
      methods: rows.map((row) => this.#method({ work: 'speed' }, model, row.plan)),
      batch: dense.batch,
      mode: dense.batch === 1 ? 'latency' : 'throughput',
      threads,
      budget,
      machine,
    });
    const arms = rows.map((row) => ({ head: this.#head(row, key), plan: row.plan }));
    return { kind: 'speed', key, model, batch: dense.batch, threads, budget, arms };
  }

  #cpu(row: CpuRow): Task | null {
    const { full, only, threads, machine, backend } = this.#settings;
    const { id: experiment } = this.#experiment;
    const task = planCpuRow(row, {
      experiment,
      thorough: full || only.includes(experiment),
      threads,
      machine,
      model: this.#resources.random(row.model),
      method: (model, plan) =>
        this.#method({ work: row.kind === 'profile' ? 'profile' : 'rivals' }, model, plan),
      head: (arm, work) => this.#head(arm, work),
    });
    if (task === null || backend.name === 'cpu') return task;
    const reason = 'it compares ways to run on the CPU, and another backend was asked for';
    return this.#skipped(row, null, null, reason, `pnpm bench --only ${experiment} --backend cpu`);
  }

  async #strip(row: StripRow): Promise<StripTask | SkippedTask> {
    const opened = await this.#open(row);
    if ('kind' in opened) return opened;
    const { model, dataset } = opened;
    const { plan, classes, dataset: datasetId } = row;
    const key = keyOf([row.model, row.dataset, 'strip'], {
      ...this.#method({ work: 'strip', dataset: datasetId }, model, plan),
      dataset: describeDataset(dataset),
      classes,
    });
    return { kind: 'strip', model, datasetId, dataset, plan, classes, head: this.#head(row, key) };
  }

  /** Model and data of a row, or why it is not run. */
  async #open(
    row: AccuracyRow | StripRow,
  ): Promise<{ model: ReadyModel; dataset: ImageDataset } | SkippedTask> {
    const model = await this.#resources.trained(row.model);
    const recipe = model === null ? 'vim-imagenet' : recipeOfModel(model.spec);
    const dataset = await this.#resources.dataset(row.dataset, recipe);
    if (dataset !== null && model !== null) {
      checkFit(model.spec, model.described.name, dataset);
      return { model, dataset };
    }
    const missing: string[] = [];
    if (dataset === null) missing.push(`${datasetNames[row.dataset]} is not given`);
    if (model === null) {
      const { name, published } = benchModels[row.model];
      missing.push(`no trained ${name} is given (public weights: ${published ?? 'none'})`);
    }
    const spec = model?.spec ?? benchModels[row.model].spec;
    const cost = spec === null ? null : costOf(spec, row.plan);
    const command = [
      'pnpm bench',
      `--only ${this.#experiment.id}`,
      ...(row.dataset === 'imagenet' ? ['--imagenet DIR'] : []),
      ...(benchModels[row.model].embedded === null ? [`--checkpoint ${row.model}=FILE`] : []),
      '--full',
    ];
    return this.#skipped(row, row.dataset, cost, missing.join('; '), command.join(' '));
  }

  #skipped(
    { id: row, label, paper }: ExperimentRow,
    dataset: DatasetId | null,
    cost: Cost | null,
    reason: string,
    howToRun: string,
  ): SkippedTask {
    const identity = { experiment: this.#experiment.id, row, label, paper };
    return { kind: 'skipped', record: skippedRecord(identity, dataset, cost, reason, howToRun) };
  }

  #images(row: AccuracyRow, dataset: ImageDataset): ImageChoice {
    const { full, limit, sampleSizes } = this.#settings;
    return chooseImages(dataset, row.images, { full, limit, sampleSize: sampleSizes[row.dataset] });
  }

  /** Everything about model, plan and code that changes a result. */
  #method(made: Pick<MadeWith, 'work' | 'dataset'>, model: ReadyModel, plan: PruningPlan) {
    const { backend } = this.#settings;
    const { spec, weights } = model.described;
    const identity = weights.from === 'checkpoint' ? { sha256: weights.sha256 } : weights;
    const code = this.#codeOf(made, model);
    return { schema: schemaVersion, code, backend, spec, weights: identity, plan };
  }

  #codeOf(made: Pick<MadeWith, 'work' | 'dataset'>, { spec }: ReadyModel): string {
    return this.#settings.code({ ...made, members: { family: spec.family } });
  }

  /** A record has the key of its work and of what it says about it. */
  #head(row: Pick<ExperimentRow, 'id' | 'label' | 'paper' | 'notes'>, work: string): RecordHead {
    const { id, label, paper } = row;
    const shown = { experiment: this.#experiment.id, row: id, label, paper, notes: [...row.notes] };
    return { schema: schemaVersion, ...shown, key: keyOf([this.#experiment.id, id], { ...shown, work }) };
  }
}

function describeDataset({ name, split, checksum, samples }: ImageDataset) {
  return { name, split, checksum, total: samples.length };
}

/** Keeps the largest activation of a run, [B, L, E], near 1.2 million values. */
function batchSize(spec: ModelSpec): number {
  return Math.min(250, Math.max(1, Math.floor(1_200_000 / (sequenceLength(spec) * spec.innerWidth))));
}
