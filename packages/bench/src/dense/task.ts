/** Rows of experiments on detectors and segmenters: planned, carried out, or said why not. */

import { join } from 'node:path';
import { formatSchedule, type PruningPlan, UserError } from '@vssm/core';
import { titleOf } from '@vssm/datasets';
import { type DenseRecord, denseRecordParts, type SkippedRecord, schemaVersion } from '@vssm/results';
import { type DenseSpec, denseFlops, inputSize } from '@vssm/vision-tasks';
import type { Cost } from '../cost.ts';
import { keyOf } from '../keys.ts';
import { type Progress, silentProgress } from '../progress.ts';
import { TaskFailure, type Workplace } from '../workplace.ts';
import { denseCode } from './code.ts';
import { evaluateDetection } from './detection.ts';
import { type DenseTotals, type Stopped, usualWorkers } from './evaluation.ts';
import {
  benchDenseModel,
  type DenseData,
  type DenseDatasetId,
  type DenseModelId,
  type DenseSources,
  denseDatasetNames,
  type ReadyDenseModel,
} from './models.ts';
import { evaluateSegmentation } from './segmentation.ts';

/** AP or mIoU of one plan on every image of a data set. */
export interface DenseRow {
  readonly kind: 'dense';
  readonly id: string;
  readonly label: string;
  readonly paper: { readonly table: number; readonly row: string } | null;
  readonly notes: readonly string[];
  readonly model: DenseModelId;
  readonly dataset: DenseDatasetId;
  readonly plan: PruningPlan;
}

/** The first images of every row are kept so that they can be drawn. */
const drawnImages = 2;

export type DenseHead = Pick<
  DenseRecord,
  'schema' | 'key' | 'experiment' | 'row' | 'label' | 'paper' | 'notes'
>;

export interface DenseTask {
  readonly kind: 'dense';
  /** Names the folder of the answers. */
  readonly key: string;
  readonly label: string;
  readonly model: ReadyDenseModel;
  readonly datasetId: DenseDatasetId;
  readonly data: DenseData;
  readonly plan: PruningPlan;
  /** Indices into the data set. */
  readonly images: readonly number[];
  readonly head: DenseHead;
}

export interface DenseSettings {
  readonly experiment: string;
  readonly limit: number | undefined;
  /** Completes a head; its key holds the work's. */
  readonly head: (row: DenseRow, work: string) => DenseHead;
}

/** @throws UserError for a file that is named but cannot be used */
export async function planDenseRow(
  row: DenseRow,
  sources: DenseSources,
  { experiment, limit, head }: DenseSettings,
): Promise<DenseTask | { readonly kind: 'skipped'; readonly record: SkippedRecord }> {
  const { name, spec, published } = benchDenseModel(row.model);
  const model = await sources.model(row.model);
  const data = await sources.dataset(row.dataset, spec);
  if (model === null || data === null) {
    const missing = [
      ...(data === null ? [`${denseDatasetNames[row.dataset]} is not given`] : []),
      ...(model === null ? [`no trained ${name} is given (public weights: ${published})`] : []),
    ];
    const howToRun = [
      `pnpm bench --only ${experiment}`,
      `--${row.dataset} DIR`,
      `--checkpoint ${row.model}=FILE`,
    ].join(' ');
    const record = denseSkipped({ ...row, row: row.id, experiment }, spec, missing.join('; '), howToRun);
    return { kind: 'skipped', record };
  }
  const total = data.dataset.samples.length;
  const images = Array.from({ length: Math.min(total, limit ?? total) }, (_, index) => index);
  const { name: set, split, checksum } = data.dataset;
  const key = keyOf([row.model, row.dataset], {
    code: denseCode(model.spec),
    weights: model.identity,
    ...{ spec: model.spec, plan: row.plan, limits: data.limits, images: images.length },
    dataset: { set, split, checksum },
  });
  const label = `${name}: ${row.label}, ${images.length} images`;
  const { plan, dataset: datasetId } = row;
  return { kind: 'dense', key, label, model, datasetId, data, plan, images, head: head(row, key) };
}

/** The record of a row that was not run. */
export function denseSkipped(
  row: Pick<SkippedRecord, 'experiment' | 'row' | 'label' | 'paper'> & Pick<DenseRow, 'dataset' | 'plan'>,
  spec: DenseSpec,
  reason: string,
  howToRun: string,
): SkippedRecord {
  const { experiment, row: id, label, paper, dataset, plan } = row;
  return {
    schema: schemaVersion,
    kind: 'skipped',
    key: keyOf([experiment, id, dataset], 'skipped'),
    ...{ experiment, row: id, label, paper },
    dataset: denseDatasetNames[dataset],
    ...denseCost(spec, plan),
    ...{ reason, howToRun },
  };
}

/** GFLOPs of the whole model at its own input size. */
export function denseCost(spec: DenseSpec, plan: PruningPlan): Cost {
  const [paper, strict] = (['paper', 'strict'] as const).map((profile) => denseFlops(spec, plan, profile));
  return {
    flops: { paper: paper.total / 1e9, strict: strict.total / 1e9 },
    tokens: [...strict.tokens],
  };
}

/** Operations and times by part, in the order of the work. */
export function densePartsOf(
  { model: { spec }, plan }: Pick<DenseTask, 'model' | 'plan'>,
  partMs: DenseTotals['partMs'],
): NonNullable<DenseRecord['parts']> {
  const [paper, strict] = (['paper', 'strict'] as const).map(
    (profile): ReadonlyMap<string, number> => denseFlops(spec, plan, profile).parts,
  );
  return denseRecordParts
    .filter((part) => (strict.get(part) ?? 0) > 0 || partMs.has(part))
    .map((part) => ({
      part,
      gflops: strict.has(part) ? { paper: paper.get(part)! / 1e9, strict: strict.get(part)! / 1e9 } : null,
      ms: partMs.get(part) ?? null,
    }));
}

/** @returns false when it was stopped before the end; what was done is kept */
export async function measureDense(task: DenseTask, place: Workplace): Promise<boolean> {
  const started = performance.now();
  const outcome = await evaluated(task, place);
  if (outcome.state === 'stopped') return false;
  const { model, plan, data, head, images } = task;
  const { split, checksum, samples } = data.dataset;
  place.results.append({
    ...head,
    kind: 'dense',
    model: model.described,
    plan: { ...plan, schedule: [...plan.schedule] },
    schedule: formatSchedule(plan.schedule),
    dataset: {
      ...{ name: nameOf(task), split, sha256: checksum, total: samples.length },
    },
    images: outcome.images,
    failed: [...outcome.failed],
    partial: images.length < samples.length,
    figures: outcome.figures,
    ...denseCost(model.spec, plan),
    parts: densePartsOf(task, outcome.partMs),
    input: inputSize(model.spec),
    durationMs: performance.now() - started,
    drawn: [...outcome.drawn],
  });
  return true;
}

type Evaluated =
  | ({ readonly state: 'done'; readonly figures: DenseRecord['figures'] } & DenseTotals)
  | Stopped;

async function evaluated(task: DenseTask, place: Workplace): Promise<Evaluated> {
  const { data, model, plan, images } = task;
  const shared = {
    ...{ model, plan, images, draw: images.slice(0, drawnImages), limits: data.limits },
    workers: Math.min(place.threads, usualWorkers(model.spec)),
    out: join(place.results.folder, 'answers', task.key),
    progress: shareOf(place),
  };
  try {
    if (data.kind === 'coco') {
      const outcome = await evaluateDetection({ ...shared, dataset: data.dataset });
      if (outcome.state === 'stopped') return outcome;
      const { bbox, segm } = outcome;
      const figures = { boxAp: percent(bbox.AP), ...(segm !== null && { maskAp: percent(segm.AP) }) };
      return { ...outcome, figures };
    }
    const outcome = await evaluateSegmentation({ ...shared, dataset: data.dataset });
    if (outcome.state === 'stopped') return outcome;
    const { mIoU, mAcc, aAcc } = outcome.summary;
    return { ...outcome, figures: { miou: percent(mIoU), macc: percent(mAcc), aacc: percent(aAcc) } };
  } catch (error) {
    throw error instanceof UserError ? new TaskFailure(error.message, { cause: error }) : error;
  }
}

/** Undefined figures are -1 with COCO and NaN with mmseg. */
function percent(share: number): number | null {
  return Number.isNaN(share) || share < 0 ? null : 100 * share;
}

/** The runner counts a task's work in shares of it. */
function shareOf({ found, advance }: Workplace): Progress {
  let total = 1;
  return {
    ...silentProgress,
    begin(totalMs) {
      total = totalMs;
    },
    found: (ms) => found(ms / total),
    advance: (ms) => advance(ms / total),
  };
}

/** ms; one thread does about 20 strict GFLOPs a second. */
export function denseEstimateMs({ model, plan, images, data }: DenseTask): number {
  const { height, width } = inputSize(model.spec);
  const scale = data.limits === null ? 1 : (data.limits.long * data.limits.short) / (height * width);
  return 1000 + 50 * images.length * denseCost(model.spec, plan).flops.strict * scale;
}

/** The made-up pictures have a name of their own; others are called what they are. */
function nameOf({ datasetId, data }: DenseTask): string {
  return datasetId.endsWith('-sample') ? denseDatasetNames[datasetId] : titleOf(data.dataset);
}
