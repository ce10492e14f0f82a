/** What planning lends to the rows of one experiment: settings, models and data, keys and heads. */
import type { PruningPlan } from '@vssm/core';
import { type SkippedRecord, schemaVersion } from '@vssm/results';
import { type MemoryAtHand, threadsWithinMemory } from '../affordable.ts';
import { type MadeWith, membersOf } from '../code/made-with.ts';
import type { Cost } from '../cost.ts';
import type { DatasetId } from '../dataset-names.ts';
import { keyOf } from '../keys.ts';
import type { ReadyModel, Resources } from '../resources.ts';
import { skippedRecord } from '../skipped.ts';
import { type SpeedBudget, thoroughBudget, trialBudget } from '../speed-budget.ts';
import type { RecordHead } from './heads.ts';
import type { RowBase, SkippedTask } from './row.ts';

export interface PlanSettings {
  readonly full: boolean;
  /** Ids of the experiments that were asked for by name. */
  readonly only: readonly string[];
  readonly limit: number | undefined;
  readonly sampleSizes: Readonly<Record<DatasetId, number>>;
  /** Of a run that is neither full nor of this experiment alone. */
  readonly speedBudget: SpeedBudget;
  /** As asked for; `threadsFor` says how many of them a model gets. */
  readonly threads: number;
  /** When the run was planned. */
  readonly memory: MemoryAtHand;
  readonly backend: { readonly name: string; readonly form: string; readonly runtime: string };
  /** Hash of the code that a result is made with, on the backend of the run. */
  readonly code: (made: Omit<MadeWith, 'backend'>) => string;
  /** What a time depends on besides the code: processor, system, Node. */
  readonly machine: Readonly<Record<string, string | number>>;
}

/** The experiment, as far as planning its rows reads it. */
export interface PlannedExperiment {
  readonly id: string;
  readonly rows: readonly RowBase[];
}

export class Planning {
  readonly #experiment: PlannedExperiment;
  readonly resources: Resources;
  readonly settings: PlanSettings;

  constructor(experiment: PlannedExperiment, resources: Resources, settings: PlanSettings) {
    this.#experiment = experiment;
    this.resources = resources;
    this.settings = settings;
  }

  /** Id of the experiment. */
  get experiment(): string {
    return this.#experiment.id;
  }

  get rows(): readonly RowBase[] {
    return this.#experiment.rows;
  }

  /** True for `--full`, and when the experiment was asked for by name. */
  get thorough(): boolean {
    const { full, only } = this.settings;
    return full || only.includes(this.experiment);
  }

  get speedBudget(): SpeedBudget {
    const { speedBudget } = this.settings;
    return this.budgetOf(this.thorough ? thoroughBudget(speedBudget) : speedBudget);
  }

  /** @param own what a group of timings may take; a run that `--limit` cuts down takes less */
  budgetOf(own: SpeedBudget): SpeedBudget {
    return this.settings.limit === undefined ? own : trialBudget(own);
  }

  /**
   * Threads of a row: no more than memory carries. Decided before the row is keyed, as the key of a time holds them.
   *
   * @param models that are loaded at the same time, in every thread
   */
  threadsFor(models: readonly Pick<ReadyModel, 'spec'>[]): number {
    const { backend, threads, memory } = this.settings;
    const specs = models.map(({ spec }) => spec);
    return threadsWithinMemory(backend.name, specs, threads, memory);
  }

  /** Everything about model, plan and code that changes a result. */
  method(made: Pick<MadeWith, 'work' | 'dataset'>, model: ReadyModel, plan: PruningPlan) {
    const { backend } = this.settings;
    const { spec, weights } = model.described;
    const identity = weights.from === 'checkpoint' ? { sha256: weights.sha256 } : weights;
    const code = this.codeOf(made, model, plan);
    return { schema: schemaVersion, code, backend, spec, weights: identity, plan };
  }

  codeOf(
    made: Pick<MadeWith, 'work' | 'dataset'>,
    { spec }: Pick<ReadyModel, 'spec'>,
    plan: PruningPlan,
  ): string {
    return this.settings.code({ ...made, members: membersOf(spec.family, plan) });
  }

  /** A record has the key of its work and of what it says about it. */
  head(row: Pick<RowBase, 'id' | 'label' | 'paper' | 'notes'>, work: string): RecordHead {
    const { id, label, paper } = row;
    const shown = { experiment: this.experiment, row: id, label, paper, notes: [...row.notes] };
    return { schema: schemaVersion, ...shown, key: keyOf([this.experiment, id], { ...shown, work }) };
  }

  /** @param dataset as results call it; null for rows that use none */
  skipped(
    { id: row, label, paper }: RowBase,
    dataset: string | null,
    cost: Cost | null,
    reason: string,
    howToRun: string,
  ): SkippedTask {
    const identity: Pick<SkippedRecord, 'experiment' | 'row' | 'label' | 'paper'> = {
      ...{ experiment: this.experiment, row, label, paper },
    };
    return { kind: 'skipped', record: skippedRecord(identity, dataset, cost, reason, howToRun) };
  }
}
