/** The work of `vssm eval`: top-1 and top-5 of one model and one plan on one data set. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { chooseImages, evaluateOnce, openBackend, parseShard, progressOn } from '@vssm/bench';
import { counted, type PruningPlan, planName, UserError } from '@vssm/core';
import type { ClassOrder, ImageDataset } from '@vssm/datasets';
import { parameterCount } from '@vssm/families';
import type { AccuracyRecord } from '@vssm/results';
import { datasetNamed, openDataset } from '../dataset-named.ts';
import { failedLines, shardLines, shardResult } from '../evaluated.ts';
import { checkDataset } from '../inputs.ts';
import type { BackendOptions } from '../options/backend.ts';
import { loadModel, type ModelOptions, type SourcedModel } from '../options/model.ts';
import { type PlanOptions, planOf } from '../options/plan.ts';
import { listing, note, type OutputOptions, printResult } from '../output.ts';
import { threadsAtHand } from '../threads-at-hand.ts';

export type EvalOptions = ModelOptions &
  PlanOptions &
  BackendOptions &
  OutputOptions & {
    readonly dataset?: string;
    readonly data?: string;
    readonly classOrder?: ClassOrder;
    readonly limit?: number;
    readonly sample?: number;
    readonly batch: number;
    readonly out?: string;
    readonly shard?: string;
  };

export async function evaluate(options: EvalOptions): Promise<void> {
  const { limit, sample, out } = options;
  if (limit !== undefined && sample !== undefined) {
    throw new UserError(`--limit ${limit} and --sample ${sample}: give one of the two`);
  }
  const shard = options.shard === undefined ? undefined : parseShard(options.shard);
  if (shard !== undefined && out === undefined) {
    throw new UserError(`--shard ${options.shard}: its predictions need a place, give --out FOLDER`);
  }
  const backend = await openBackend(options.backend, options);
  const source = await loadModel(options);
  const plan = await planOf(options, source.spec.family);
  const dataset = await openDataset(options, source.spec);
  const folder = out ?? mkdtempSync(join(tmpdir(), 'vssm-eval-'));
  try {
    for (const line of dataset.notes ?? []) note(`note: ${line}`);
    checkDataset(dataset, source.spec);
    const wanted = { full: false, limit, sampleSize: sample ?? 0, seed: options.seed };
    const outcome = await evaluateOnce({
      model: { spec: source.spec, described: describeModel(source), weights: () => source.weights },
      datasetId: datasetNamed(options),
      dataset,
      images: chooseImages(dataset, sample === undefined ? 'all' : 'sample', wanted),
      plan,
      batch: options.batch,
      backend,
      threads: threadsAtHand(options.backend, [source.spec], options.threads),
      out: folder,
      ...(shard !== undefined && { shard }),
      command: ['vssm', ...process.argv.slice(2)],
      progress: progressOn(process.stderr),
    });
    if (outcome.state === 'stopped') {
      const next = out === undefined ? '' : '; run the same command again to go on';
      process.stderr.write(`stopped${next}\n`);
      process.exitCode = outcome.exitCode;
      return;
    }
    const { record, throughput } = outcome;
    const imagesPerSecond = throughput === null ? null : 1000 / throughput.msPerImage;
    if (record.kind === 'shard')
      printResult(options, shardResult(record, folder), shardLines(record, folder));
    else {
      const result = evaluationResult(record, source, dataset, out, imagesPerSecond);
      printResult(options, result, human(result));
    }
  } finally {
    await dataset.close();
    if (out === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** As results describe it. */
export function describeModel({ name, spec, checkpoint }: SourcedModel): AccuracyRecord['model'] {
  const weights: AccuracyRecord['model']['weights'] =
    checkpoint === undefined
      ? { from: 'random', seed: 0 }
      : {
          from: 'checkpoint',
          file: basename(checkpoint.path),
          sha256: checkpoint.sha256,
          familyFrom: checkpoint.familyFrom,
        };
  return { name: basename(name), spec: { ...spec }, params: parameterCount(spec), weights };
}

function evaluationResult(
  record: AccuracyRecord,
  source: SourcedModel,
  dataset: ImageDataset,
  out: string | undefined,
  imagesPerSecond: number | null,
) {
  return {
    dataset: dataset.name,
    split: dataset.split,
    datasetSha256: dataset.checksum,
    checkpoint: source.checkpoint?.path ?? null,
    checkpointSha256: source.checkpoint?.sha256 ?? null,
    model: source.name,
    backend: record.backend.name,
    form: record.backend.form,
    schedule: record.schedule,
    plan: record.plan,
    top1: record.top1,
    top5: record.top5,
    count: record.count,
    interval: record.interval,
    /** Of this run, the start of the model and the reading of images included; null where all was there already. */
    imagesPerSecond,
    correct1: record.correct1,
    correct5: record.correct5,
    failed: record.failed,
    partial: record.sample.partial || record.count < record.dataset.total,
    sampleHash: record.sample.idsHash,
    ignored: source.ignored,
    ...(out !== undefined && { predictions: join(out, record.predictions.file) }),
  };
}

interface EvalSummary {
  readonly model: string;
  readonly dataset: string;
  readonly split: string;
  readonly plan: PruningPlan;
  readonly top1: number;
  readonly top5: number;
  readonly count: number;
  readonly interval: readonly [number, number];
  readonly imagesPerSecond: number | null;
  readonly partial: boolean;
  readonly failed: AccuracyRecord['failed'];
}

function human(result: EvalSummary): string {
  const { model, dataset, split, plan, top1, top5, count, interval, imagesPerSecond, partial, failed } =
    result;
  const [low, high] = interval.map((end) => end.toFixed(2));
  return listing([
    ['model', model],
    ['plan', planName(plan)],
    ['data', `${dataset} ${split}, ${counted(count, 'image')}${partial ? ' (partial, not comparable)' : ''}`],
    ['top-1', `${top1.toFixed(2)} %   (95 % interval ${low} to ${high})`],
    ['top-5', `${top5.toFixed(2)} %`],
    ...(imagesPerSecond === null
      ? []
      : [['speed', `${imagesPerSecond.toPrecision(3)} images a second, reading included`] as const]),
    ...failedLines(failed),
  ]);
}
