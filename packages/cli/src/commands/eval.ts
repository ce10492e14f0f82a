/** `vssm eval`: top-1 and top-5 of one model and one plan on one data set. */
import type { Backend } from '@vssm/backend';
import { loadImages, openBackend, progressOn } from '@vssm/bench';
import { formatSchedule, oneOf, type PruningPlan, UserError, type VimSpec } from '@vssm/core';
import {
  type ImageDataset,
  openFashionMnist,
  openImageNet,
  sampleHash,
  stratifiedSample,
} from '@vssm/datasets';
import { Accuracy, topK } from '@vssm/metrics';
import { Command } from 'commander';
import { checkDataset } from '../inputs.ts';
import { addBackendOptions, type BackendOptions } from '../options/backend.ts';
import { addModelOptions, loadModel, type ModelOptions } from '../options/model.ts';
import { whole } from '../options/numbers.ts';
import { addPlanOptions, type PlanOptions, planOf } from '../options/plan.ts';
import { listing, type OutputOptions, printResult } from '../output.ts';

const datasetNames = ['fashion-mnist', 'imagenet'] as const;

type Options = ModelOptions &
  PlanOptions &
  BackendOptions &
  OutputOptions & {
    readonly dataset: string;
    readonly data?: string;
    readonly limit?: number;
    readonly sample?: number;
    readonly batch: number;
  };

export function evalCommand(): Command {
  const command = new Command('eval').description('accuracy of a model, dense or pruned, on a data set');
  return addBackendOptions(addPlanOptions(addModelOptions(command)))
    .option('--dataset <name>', datasetNames.join(', '), datasetNames[0])
    .option(
      '--data <folder>',
      'where the data lies; default: the embedded Fashion-MNIST, VSSM_IMAGENET for imagenet',
    )
    .option('--limit <n>', 'only the first n images (partial, not comparable)', whole('--limit', 1))
    .option('--sample <n>', 'a fixed, class-balanced sample of n images', whole('--sample', 1))
    .option('--batch <n>', 'images per run', whole('--batch', 1), 64)
    .option('--json', 'print one JSON document on stdout')
    .action(run);
}

async function run(options: Options): Promise<void> {
  const plan = planOf(options);
  if (options.limit !== undefined && options.sample !== undefined) {
    throw new UserError(`--limit ${options.limit} and --sample ${options.sample}: give one of the two`);
  }
  const { name, form, backend } = await openBackend(options.backend);
  const source = await loadModel(options);
  const dataset = await openDataset(options, source.spec);
  try {
    checkDataset(dataset, source.spec);
    const indices = chooseImages(options, dataset);
    const { accuracy, failed } = await evaluate(backend, { ...source, plan }, options, dataset, indices);
    const { top1, top5, count, interval, top1Correct, top5Correct } = accuracy.summary();
    if (count === 0) {
      throw new UserError(
        `none of the ${indices.length} images got an answer; the first: ${failed[0].error}`,
      );
    }
    const result = {
      dataset: dataset.name,
      split: dataset.split,
      datasetSha256: dataset.checksum,
      checkpoint: source.checkpoint?.path ?? null,
      checkpointSha256: source.checkpoint?.sha256 ?? null,
      model: source.name,
      backend: name,
      form,
      schedule: formatSchedule(plan.schedule),
      plan,
      top1,
      top5,
      count,
      interval,
      correct1: top1Correct,
      correct5: top5Correct,
      failed,
      partial: indices.length < dataset.samples.length,
      sampleHash: sampleHash(indices.map((index) => dataset.samples[index].id)),
      ignored: source.ignored,
    };
    printResult(options, result, human(result));
  } finally {
    await dataset.close();
  }
}

async function openDataset(options: Options, spec: VimSpec): Promise<ImageDataset> {
  const name = oneOf('--dataset', options.dataset, datasetNames);
  if (name === 'fashion-mnist') return openFashionMnist(options.data);
  const folder = options.data ?? process.env.VSSM_IMAGENET;
  if (folder === undefined) {
    throw new UserError(
      '--dataset imagenet needs --data FOLDER (or VSSM_IMAGENET); datasets/imagenet/README.md lists the layouts',
    );
  }
  return openImageNet(folder, { imageSize: spec.imageWidth });
}

function chooseImages({ limit, sample, seed }: Options, dataset: ImageDataset): readonly number[] {
  if (sample !== undefined) return stratifiedSample(dataset, sample, seed);
  const count = Math.min(limit ?? Infinity, dataset.samples.length);
  return Array.from({ length: count }, (_, index) => index);
}

async function evaluate(
  backend: Backend,
  request: Parameters<Backend['load']>[0],
  { threads, batch }: Options,
  dataset: ImageDataset,
  indices: readonly number[],
): Promise<{ accuracy: Accuracy; failed: { id: string; error: string }[] }> {
  const accuracy = new Accuracy();
  const failed: { id: string; error: string }[] = [];
  const { classes } = request.spec;
  const model = await backend.load({ ...request, threads });
  const progress = progressOn(process.stderr);
  progress.begin(indices.length);
  progress.task(`${dataset.name} ${dataset.split}`);
  try {
    for (let at = 0; at < indices.length; at += batch) {
      const wanted = indices.slice(at, at + batch);
      const loaded = await loadImages(dataset, wanted);
      const readable = wanted.filter((_, i) => !(loaded[i] instanceof UserError));
      for (const [i, index] of wanted.entries()) {
        const image = loaded[i];
        if (!(image instanceof UserError)) continue;
        failed.push({ id: dataset.samples[index].id, error: image.message });
        progress.say(`skipped: ${image.message}`);
      }
      if (readable.length > 0) {
        const images = loaded.filter((image): image is Float32Array => !(image instanceof UserError));
        const pixels = new Float32Array(images.length * images[0].length);
        for (const [i, image] of images.entries()) pixels.set(image, i * image.length);
        const answer = await model.run({ pixels, size: images.length, samples: readable });
        for (const [row, index] of readable.entries()) {
          const { id, label } = dataset.samples[index];
          const reason = answer.failed?.get(row);
          if (reason === undefined) accuracy.addRanking(topK(answer.logits, classes, 5, row), label);
          else failed.push({ id, error: reason });
        }
      }
      progress.advance(wanted.length);
    }
  } finally {
    progress.end();
    await model.dispose();
  }
  return { accuracy, failed };
}

interface EvalSummary {
  readonly model: string;
  readonly dataset: string;
  readonly split: string;
  readonly schedule: string;
  readonly plan: PruningPlan;
  readonly top1: number;
  readonly top5: number;
  readonly count: number;
  readonly interval: readonly [number, number];
  readonly partial: boolean;
  readonly failed: readonly unknown[];
}

function human(result: EvalSummary): string {
  const { model, dataset, split, schedule, plan, top1, top5, count, interval, partial, failed } = result;
  const [low, high] = interval.map((end) => end.toFixed(2));
  return listing([
    ['model', model],
    [
      'plan',
      schedule === ''
        ? 'dense'
        : `${schedule}, ${plan.signal} ${plan.reduce}, ${plan.alignment}, ${plan.conv}`,
    ],
    ['data', `${dataset} ${split}, ${count} images${partial ? ' (partial, not comparable)' : ''}`],
    ['top-1', `${top1.toFixed(2)} %   (95 % interval ${low} to ${high})`],
    ['top-5', `${top5.toFixed(2)} %`],
    ...(failed.length > 0 ? [['without answer', `${failed.length} images, not counted`] as const] : []),
  ]);
}
