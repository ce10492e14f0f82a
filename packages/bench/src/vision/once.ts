/** `vssm detect` and `vssm segment`: any detector or segmenter on a data set of its kind. */
import { join } from 'node:path';
import { type PruningPlan, planName, UserError } from '@vssm/core';
import { type SizeLimits, titleOf, type VisionDataset } from '@vssm/datasets';
import { AnswerReader, imageAnswerLines, schemaVersion, type VisionRecord } from '@vssm/results';
import { codeOf } from '../code/made-with.ts';
import { rowIdOf } from '../evaluation/row-id.ts';
import { firstImages } from '../images.ts';
import { keyOf } from '../keys.ts';
import type { RecordHead } from '../kinds/heads.ts';
import { visionCode, visionKey, visionTask } from '../kinds/vision.ts';
import { carryOutOnce, type EvaluationRecord, type OnceRequest, type Stopped } from '../once.ts';
import { evaluateVision, type VisionModel, type VisionRun, type VisionTask } from './evaluate.ts';
import { type VisionTaskKind, visionKind } from './kinds.ts';
import { summedUp } from './record.ts';

export interface VisionOnceRequest extends OnceRequest {
  readonly kind: VisionTaskKind;
  readonly model: VisionModel;
  readonly plan: PruningPlan;
  readonly dataset: VisionDataset<unknown>;
  /** The recipe's limits where others were asked for. */
  readonly limits: SizeLimits | null;
  /** First images only, stamped partial. */
  readonly limit: number | undefined;
  /** Worker threads at most, a model in each. */
  readonly workers: number;
}

export type VisionOutcome =
  | ({
      readonly state: 'done';
      readonly record: Extract<EvaluationRecord, { kind: 'vision' | 'shard' }>;
      /** Of a whole evaluation; undefined for a shard. */
      readonly score: unknown;
    } & Pick<VisionRun, 'throughput'>)
  | Stopped;

/** @throws UserError for another backend than cpu, a folder in use, a full disk, an image that the model does not take */
export async function evaluateVisionOnce(request: VisionOnceRequest): Promise<VisionOutcome> {
  const { kind, model, plan, dataset, limits, limit, workers, backend } = request;
  if (backend.name !== 'cpu') {
    throw new UserError(
      `--backend ${backend.name}: detectors and segmenters run on cpu only; leave --backend out`,
    );
  }
  const code = (made: Parameters<typeof codeOf>[0] | ReturnType<typeof visionCode>) =>
    codeOf({ ...made, backend: 'cpu' });
  const { runtime } = backend;
  const images = firstImages(dataset, limit);
  const key = visionKey([kind, dataset.name], {
    ...{ kind, model, plan, dataset, images, limits, code, runtime },
  });
  const task = visionTask({
    ...{ kind, key, model, plan, dataset, images, workers, runtime },
    datasetName: titleOf(dataset),
    label: `${dataset.name} ${dataset.split}`,
    code: code(visionCode(kind, model.spec, plan)),
    heads: [headOf(request, key)],
  });
  let ran: VisionRun | undefined;
  const outcome = await carryOutOnce<VisionRecord>(task, request, (part, place) =>
    evaluateVision(part as VisionTask, place, (run) => {
      ran = run;
    }),
  );
  if (outcome.state === 'stopped') return outcome;
  const { record } = outcome;
  const score = record.kind === 'shard' ? undefined : (ran?.score ?? scoreAgain(task, record, request.out));
  return { state: 'done', record, score, throughput: ran?.throughput ?? null };
}

/** From the answers that are there. */
function scoreAgain(task: VisionTask, { predictions }: VisionRecord, folder: string): unknown {
  const scoring = visionKind(task.kind).scoring(task.dataset, task.model.spec);
  const answers = new AnswerReader(join(folder, predictions!.file), imageAnswerLines(scoring));
  try {
    return summedUp(scoring, answers.indices, (index) => answers.read(index), folder, task.key).score;
  } finally {
    answers.close();
  }
}

function headOf({ kind, model, dataset, plan }: VisionOnceRequest, work: string): RecordHead {
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
