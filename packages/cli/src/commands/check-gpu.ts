/** The work of `vssm check-gpu`: small models for parity, large ones for times, and the summary. */
import { join } from 'node:path';
import {
  type CheckedPath,
  checkGpu,
  choosePaths,
  datasetSources,
  type Experiment,
  type GpuCheckRequest,
  imagesOfDataset,
  modelSource,
  parseBatches,
  progressOn,
  type SpeedRow,
  stepsAfter,
  top,
} from '@vssm/bench';
import { counted, formatSchedule, type PruningPlan, UserError } from '@vssm/core';
import { type ImageDataset, openFashionMnist } from '@vssm/datasets';
import {
  densePlan,
  families,
  isModelName,
  type ModelName,
  type ModelSpec,
  models,
  newTrainableSpec,
  parameterCount,
  pruningPlan,
  publishedModels,
  randomWeights,
  trainableFamilies,
} from '@vssm/families';
import { resultsFileName } from '@vssm/results';
import { loadModel } from '../options/model.ts';
import { type OutputOptions, printResult } from '../output.ts';
import { describeModel } from './eval.ts';

export interface CheckGpuOptions extends OutputOptions {
  readonly out: string;
  readonly backends: string;
  readonly models: string;
  readonly batch: string;
  readonly minutes: number;
  readonly browser?: string;
  readonly threads: number;
}

const gpuBackends: readonly string[] = ['webgpu', 'webgpu-node', 'cuda'];

/** Images that the reference answers for each small model and plan. */
const referenceImages = 16;

/**
 * @returns the exit code
 * @throws UserError
 */
export async function checkGpuHere(options: CheckGpuOptions): Promise<number> {
  const paths = choosePaths(options.backends);
  const other = paths.find(({ name }) => !gpuBackends.includes(name));
  if (other !== undefined) {
    throw new UserError(
      `--backends "${other.name}": expected ${gpuBackends.join(', ')}, or one form of these`,
    );
  }
  const named = options.models.split(',').map((name) => modelNamed(name.trim()));
  // In the order that was typed: what there is no time for is the end of it.
  const batches = options.batch.split(',').flatMap((size) => parseBatches(size));
  const dataset = await openFashionMnist();
  try {
    const outcome = await checkGpu({
      paths,
      pathOptions: options.browser === undefined ? {} : { browser: options.browser },
      parity: await paritySubjects(dataset),
      speeds: batches.flatMap((batch) => named.map((model) => speedExperiment(model, batch))),
      speedBudget: { warmup: 2, minRounds: 5, maxRounds: 20, ms: 6000 },
      timeMs: 60_000 * options.minutes,
      threads: options.threads,
      sources: { models: modelSource(new Map()), datasets: datasetSources(undefined, () => undefined) },
      out: options.out,
      command: ['vssm', ...process.argv.slice(2)],
      progress: progressOn(process.stderr),
    });
    const results = join(options.out, resultsFileName);
    printResult(options, { ...outcome, results }, inWords(outcome.paths, results));
    return outcome.exitCode;
  } finally {
    await dataset.close();
  }
}

function modelNamed(text: string): ModelName {
  if (!isModelName(text))
    throw new UserError(`--models "${text}": expected some of ${Object.keys(models).join(', ')}`);
  return text;
}

/** The embedded model, and one of its size with random weights of each family that can be made so small; dense and pruned. */
async function paritySubjects(dataset: ImageDataset): Promise<GpuCheckRequest['parity']> {
  const trained = await loadModel({});
  const images = imagesOfDataset(dataset, referenceImages, referenceImages);
  const small = trainableFamilies.map((family) => {
    const spec = newTrainableSpec(family, nanoShape);
    const weights = { from: 'random', seed: 0 } as const;
    const name = `${families[family].title}-nano`;
    return {
      spec,
      described: { name, spec: { ...spec }, params: parameterCount(spec), weights },
      weights: () => randomWeights(spec, 0),
    };
  });
  return [
    { spec: trained.spec, described: describeModel(trained), weights: () => trained.weights },
    ...small,
  ].map((model) => ({ model, plans: plansOf(model.spec), images, referenceImages }));
}

function plansOf({ family }: ModelSpec): PruningPlan[] {
  return [densePlan, pruningPlan({ ...top.options, schedule: stepsAfter([2, 4, 6], 0.7) }, family)];
}

/** Of the embedded data's pictures. */
const nanoShape = {
  ...{ imageHeight: 28, imageWidth: 28, inChannels: 1, patchSize: 4, classes: 10 },
  ...{ width: 48, depth: 8, stateSize: 8 },
};

/** One model dense and pruned as in the paper, at about three tenths less, interleaved. */
function speedExperiment(model: ModelName, batch: number): Experiment {
  const { family, depth } = models[model];
  const schedule = stepsAfter(
    [1, 2, 3].map((step) => Math.round((step * depth) / 4.8)),
    0.8,
  );
  const name = publishedModels[model].title;
  const common = { kind: 'speed', model, batch, paper: null, notes: ['Random weights.'] } as const;
  const dense = `${model}-dense`;
  const rows: readonly SpeedRow[] = [
    { ...common, id: dense, label: `${name} dense`, plan: densePlan, against: null, floor: true },
    {
      ...{ ...common, id: `${model}-${top.id}`, against: dense },
      label: `${name} ${top.label}, ${formatSchedule(schedule)}`,
      plan: pruningPlan({ ...top.options, schedule }, family),
    },
  ];
  return { id: `gpu-${model}-batch-${batch}`, title: `${name}, batch ${batch}`, paperFile: null, rows };
}

function inWords(paths: readonly CheckedPath[], results: string): string {
  return [...paths.map(pathInWords), `results: ${results}; vssm report --results makes a page of them`].join(
    '\n',
  );
}

function pathInWords({ name, missing, details, parity, timed, leftOut, failures }: CheckedPath): string {
  if (missing !== null) return `✗ ${name}: ${missing.reason}\n    fix: ${missing.fix}`;
  const lines = [`✓ ${name}: ${Object.values(details).join(', ')}`];
  for (const { label, maxDifference, ties, keptOtherwise, failure } of parity) {
    const others = [
      ...(keptOtherwise === 0 ? [] : [`other tokens kept in ${counted(keptOtherwise, 'image')}`]),
      ...(ties === 0 ? [] : [`a near-tie decided otherwise in ${counted(ties, 'image')}`]),
    ];
    const kept = others.length === 0 ? 'the same tokens kept' : others.join(', ');
    lines.push(`    ${label}: ${failure ?? `largest |Δlogit| ${maxDifference.toExponential(1)}, ${kept}`}`);
  }
  for (const { label, batch, msPerImage, speedup, promised, floorMs } of timed) {
    const gain =
      speedup === null || promised === null
        ? ''
        : `, ${speedup.toFixed(2)} times as fast as dense (FLOPs promise ${promised.toFixed(2)})`;
    const floor = floorMs === null ? '' : `; its matrix products alone ${floorMs.toFixed(2)} ms`;
    lines.push(`    ${label}, batch ${batch}: ${msPerImage.toFixed(2)} ms an image${gain}${floor}`);
  }
  if (leftOut.length > 0) lines.push(`    no time for: ${leftOut.join(', ')}; --minutes gives more`);
  return [...lines, ...failures.map((failure) => `    failed: ${failure}`)].join('\n');
}
