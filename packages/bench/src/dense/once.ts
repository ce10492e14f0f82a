/** `vssm detect` and `vssm segment`: any detector or segmenter on a data set of its kind. */
import { join } from 'node:path';
import { type PruningPlan, planName, UserError } from '@vssm/core';
import { type DenseDataset, type SizeLimits, titleOf } from '@vssm/datasets';
import { AnswerReader, type DenseRecord, imageAnswerLines, schemaVersion } from '@vssm/results';
import { codeOf } from '../code/made-with.ts';
import { rowIdOf } from '../evaluation/row-id.ts';
import { firstImages } from '../images.ts';
import { keyOf } from '../keys.ts';
import { carryOutOnce, type EvaluationRecord, type OnceRequest, type Stopped } from '../once.ts';
import { denseCode, denseKey, denseTask } from '../work/dense.ts';
import type { RecordHead } from '../work/heads.ts';
import { type DenseModel, type DenseRun, type DenseTask, evaluateDense } from './evaluate.ts';
import { type DenseTaskKind, denseKind } from './kinds.ts';
import { summedUp } from './record.ts';

export interface DenseOnceRequest extends OnceRequest {
  readonly kind: DenseTaskKind;
  readonly model: DenseModel;
  readonly plan: PruningPlan;
  readonly dataset: DenseDataset<unknown>;
  /** The recipe's limits where others were asked for. */
  readonly limits: SizeLimits | null;
  /** First images only, stamped partial. */
  readonly limit: number | undefined;
  /** Worker threads at most, a model in each. */
  readonly workers: number;
}

export type DenseOutcome =
  | ({
      readonly state: 'done';
      readonly record: Extract<EvaluationRecord, { kind: 'dense' | 'shard' }>;
      /** Of a whole evaluation; undefined for a shard. */
      readonly score: unknown;
    } & Pick<DenseRun, 'throughput'>)
  | Stopped;

/** @throws UserError for another backend than cpu, a folder in use, a full disk, an image that the model does not take */
export async function evaluateDenseOnce(request: DenseOnceRequest): Promise<DenseOutcome> {
  const { kind, model, plan, dataset, limits, limit, workers, backend } = request;
  if (backend.name !== 'cpu') {
    throw new UserError(
      `--backend ${backend.name}: detectors and segmenters run on cpu only; leave --backend out`,
    );
  }
  const code = (made: Parameters<typeof codeOf>[0] | ReturnType<typeof denseCode>) =>
    codeOf({ ...made, backend: 'cpu' });
  const { runtime } = backend;
  const images = firstImages(dataset, limit);
  const key = denseKey([kind, dataset.name], {
    ...{ kind, model, plan, dataset, images, limits, code, runtime },
  });
  const task = denseTask({
    ...{ kind, key, model, plan, dataset, images, workers, runtime },
    datasetName: titleOf(dataset),
    label: `${dataset.name} ${dataset.split}`,
    code: code(denseCode(kind, model.spec)),
    heads: [headOf(request, key)],
  });
  let ran: DenseRun | undefined;
  const outcome = await carryOutOnce<DenseRecord>(task, request, (part, place) =>
    evaluateDense(part as DenseTask, place, (run) => {
      ran = run;
    }),
  );
  if (outcome.state === 'stopped') return outcome;
  const { record } = outcome;
  const score = record.kind === 'shard' ? undefined : (ran?.score ?? scoreAgain(task, record, request.out));
  return { state: 'done', record, score, throughput: ran?.throughput ?? null };
}

/** From the answers that are there. */
function scoreAgain(task: DenseTask, { predictions }: DenseRecord, folder: string): unknown {
  const scoring = denseKind(task.kind).scoring(task.dataset, task.model.spec);
  const answers = new AnswerReader(join(folder, predictions!.file), imageAnswerLines(scoring));
  try {
    return summedUp(scoring, answers.indices, (index) => answers.read(index), folder, task.key).score;
  } finally {
    answers.close();
  }
}

function headOf({ kind, model, dataset, plan }: DenseOnceRequest, work: string): RecordHead {
  const shown: Omit<RecordHead, 'schema' | 'key'> = {
    experiment: kind === 'detection' ? 'detect' : 'segment',
    row: rowIdOf(dataset.name, model.described, plan),
    label: `${model.described.name}, ${planName(plan)}, on ${titleOf(dataset)}`.slice(0, 400),
    paper: null,
    notes: [],
  };
  return {
    schema: schemaVersion,
    ...shown,
    key: keyOf([shown.experiment, dataset.name], { ...shown, work }),
  };
}
