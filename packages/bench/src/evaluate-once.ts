/** `vssm eval`: any classifier, plan and data set that fit together. */
import { type PruningPlan, planName } from '@vssm/core';
import { type ImageDataset, titleOf } from '@vssm/datasets';
import { type AccuracyRecord, type ShardRecord, schemaVersion } from '@vssm/results';
import { codeOf, membersOf } from './code/made-with.ts';
import type { DatasetId } from './dataset-names.ts';
import { type AccuracyTask, evaluate } from './evaluation/accuracy.ts';
import type { Throughput } from './evaluation/image-task.ts';
import { rowIdOf } from './evaluation/row-id.ts';
import type { ImageChoice } from './images.ts';
import { keyOf } from './keys.ts';
import type { RecordHead } from './kinds/heads.ts';
import { carryOutOnce, type OnceRequest, type Stopped } from './once.ts';
import type { ReadyModel } from './resources.ts';

export interface EvaluationRequest extends OnceRequest {
  readonly model: Omit<ReadyModel, 'id'>;
  readonly datasetId: DatasetId;
  readonly dataset: ImageDataset;
  readonly images: ImageChoice;
  readonly plan: PruningPlan;
  /** Images per run. */
  readonly batch: number;
}

export type EvaluationOutcome =
  | {
      readonly state: 'done';
      readonly record: AccuracyRecord | ShardRecord;
      /** Null where everything was answered by an earlier run. */
      readonly throughput: Throughput | null;
    }
  | Stopped;

/** @throws UserError for a folder in use, a full disk, a model that cannot be run; finished images are kept */
export async function evaluateOnce(request: EvaluationRequest): Promise<EvaluationOutcome> {
  const members = membersOf(request.model.spec.family, request.plan);
  const made = { work: 'accuracy', dataset: request.datasetId, members } as const;
  const code = codeOf({ ...made, backend: request.backend.name });
  let throughput: Throughput | null = null;
  const outcome = await carryOutOnce<AccuracyRecord>(evaluationTask(request, code), request, (part, place) =>
    evaluate(part as AccuracyTask, place, (told) => {
      throughput = told;
    }),
  );
  return outcome.state === 'stopped' ? outcome : { ...outcome, throughput };
}

function evaluationTask(request: EvaluationRequest, code: string): AccuracyTask {
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
    row: rowIdOf(datasetId, model.described, plan),
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
    kind: 'accuracy',
    key,
    model,
    datasetId,
    dataset,
    images,
    plan,
    batch,
    code,
    runtime,
    threads: request.threads,
    heads: [head],
  };
}
