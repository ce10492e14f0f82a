/**
 * One evaluation asked for by hand (`vssm eval`): any model, plan and data set that fit together, with the same
 * files, keys and shards as the benchmarks have.
 */
import { createHash } from 'node:crypto';
import { formatSchedule, type PruningPlan, planName } from '@vssm/core';
import { type ImageDataset, titleOf } from '@vssm/datasets';
import { type AccuracyRecord, openResults, type ShardRecord, schemaVersion } from '@vssm/results';
import { evaluate } from './accuracy.ts';
import type { OpenedBackend } from './backends.ts';
import { codeOf, codeVersion } from './code/made-with.ts';
import type { DatasetId } from './dataset-names.ts';
import { estimateMs } from './estimate.ts';
import type { ImageChoice } from './images.ts';
import { listenForInterruption } from './interruption.ts';
import { canonicalJson, keyOf } from './keys.ts';
import type { Progress } from './progress.ts';
import type { ReadyModel } from './resources.ts';
import { writeRunHeader } from './run-header.ts';
import { partOf, type Shard } from './shard.ts';
import { type EvaluationTask, type RecordHead, recordHeads } from './tasks.ts';
import type { Workplace } from './workplace.ts';

export interface EvaluationRequest {
  readonly model: Omit<ReadyModel, 'id'>;
  readonly datasetId: DatasetId;
  readonly dataset: ImageDataset;
  readonly images: ImageChoice;
  readonly plan: PruningPlan;
  /** Images per run. */
  readonly batch: number;
  readonly backend: OpenedBackend;
  readonly threads: number;
  /** Run folder; running again with the same one resumes. */
  readonly out: string;
  readonly shard?: Shard;
  /** As typed, one argument per element. */
  readonly command: readonly string[];
  readonly progress: Progress;
}

export type EvaluationOutcome =
  | { readonly state: 'done'; readonly record: AccuracyRecord | ShardRecord }
  | { readonly state: 'stopped'; readonly exitCode: number };

/** @throws UserError for a folder in use, a full disk, a model that cannot be run; finished images are kept */
export async function evaluateOnce(request: EvaluationRequest): Promise<EvaluationOutcome> {
  const { backend, threads, progress, command } = request;
  const members = { family: request.model.spec.family };
  const made = { work: 'accuracy', backend: backend.name, dataset: request.datasetId, members } as const;
  const whole = evaluationTask(request, codeOf(made));
  const task = request.shard === undefined ? whole : partOf(whole, request.shard);
  const { key } = recordHeads(task)[0];
  const results = openResults(request.out);
  const interruption = listenForInterruption((signal) =>
    progress.say(`${signal}: finishing the current batch; once more to stop at once`),
  );
  try {
    for (const repair of results.repairs) progress.say(repair);
    writeRunHeader(results, command, codeVersion(), backend.accelerator);
    const estimate = estimateMs(task, 1);
    progress.begin(estimate);
    progress.task(`${request.dataset.name} ${request.dataset.split}`);
    const place: Workplace = {
      backend: backend.backend,
      described: { name: backend.name, form: backend.form },
      threads,
      results,
      stopping: () => interruption.signal !== null,
      found: (share) => progress.found(share * estimate),
      advance: (share) => progress.advance(share * estimate),
    };
    const done = results.has(key) || (await evaluate(task, place));
    if (!done) return { state: 'stopped', exitCode: interruption.exitCode };
    const record = results.records.find((found) => found.key === key && found.kind !== 'skipped');
    return { state: 'done', record: record as AccuracyRecord | ShardRecord };
  } finally {
    interruption.release();
    progress.end();
    results.close();
  }
}

function evaluationTask(request: EvaluationRequest, code: string): EvaluationTask {
  const { model, dataset, datasetId, images, plan, batch, backend } = request;
  const { name, form, runtime } = backend;
  const { spec, weights } = model.described;
  const key = keyOf(['eval', datasetId], {
    schema: schemaVersion,
    code,
    backend: { name, form, runtime },
    spec,
    weights: weights.from === 'checkpoint' ? { sha256: weights.sha256 } : weights,
    plan,
    dataset: {
      name: dataset.name,
      split: dataset.split,
      checksum: dataset.checksum,
      total: dataset.samples.length,
    },
    images: { how: images.how, count: images.indices.length, seed: images.seed, ids: images.idsHash },
    batch,
  });
  const shown: Omit<RecordHead, 'schema' | 'key'> = {
    experiment: 'eval',
    row: rowOf(request),
    label: `${model.described.name}, ${planName(plan)}, on ${titleOf(dataset)}`.slice(0, 400),
    paper: null,
    notes: [],
  };
  const head: RecordHead = {
    schema: schemaVersion,
    ...shown,
    key: keyOf(['eval', datasetId], { ...shown, work: key }),
  };
  return {
    kind: 'evaluation',
    key,
    model,
    datasetId,
    dataset,
    images,
    plan,
    batch,
    code,
    runtime,
    heads: [head],
  };
}

/** `fashion-mnist:2,4@0.7:5a0c31f2`: one row for each model, plan and data set, so that history tells them apart. */
function rowOf({ model, datasetId, plan }: EvaluationRequest): string {
  const { spec, weights } = model.described;
  const made = {
    spec,
    weights: weights.from === 'checkpoint' ? weights.sha256 : weights,
    plan: planName(plan),
  };
  const hash = createHash('sha256').update(canonicalJson(made)).digest('hex').slice(0, 8);
  const schedule = formatSchedule(plan.schedule).slice(0, 80);
  return `${datasetId}:${schedule === '' ? 'dense' : schedule}:${hash}`;
}
