/** The work of `vssm compare`: model, plans and images for the comparison, its table, and the report. */
import {
  type CompareRequest,
  choosePaths,
  compareBackends,
  imagesOfDataset,
  madeUpImages,
  nameOf,
  parseBatches,
  progressOn,
} from '@vssm/bench';
import { counted, type PruningPlan, planName } from '@vssm/core';
import { type ImageDataset, openFashionMnist, openImageFolder } from '@vssm/datasets';
import { checkPlan, densePlan, imageRecipeOf, type ModelSpec, modelFlops } from '@vssm/families';
import type { ComparisonRecord } from '@vssm/results';
import { checkInput } from '../inputs.ts';
import { loadModel, type ModelOptions } from '../options/model.ts';
import { type PlanOptions, planOf } from '../options/plan.ts';
import { type OutputOptions, textTable } from '../output.ts';
import { threadsAtHand } from '../threads-at-hand.ts';
import { describeModel } from './eval.ts';
import { report } from './report.ts';

export type CompareOptions = ModelOptions &
  Omit<PlanOptions, 'prune'> &
  OutputOptions & {
    readonly prune?: readonly string[];
    readonly backends?: string;
    readonly browser?: string;
    readonly threads: number;
    readonly data?: string;
    readonly images?: number;
    readonly agreement: number;
    readonly seconds: number;
    readonly batch?: string;
    readonly out: string;
    /** False: none (`--no-report`). */
    readonly report: string | false;
  };

export interface CompareResult {
  readonly exitCode: number;
  /** For people. */
  readonly text: string;
  readonly records: readonly ComparisonRecord[];
  /** Path of index.html; null where none was written. */
  readonly report: string | null;
}

/** @throws UserError */
export async function compare(options: CompareOptions): Promise<CompareResult> {
  const paths = choosePaths(options.backends);
  const source = await loadModel(options);
  const { spec } = source;
  const plans = await plansOf(options, spec);
  const dataset = await openImages(options, spec);
  try {
    const usesCpu = paths.some(({ name }) => name === 'cpu');
    const wanted = options.images ?? affordableImages(spec, plans);
    const referenceImages = dataset === null ? wanted : Math.min(wanted, dataset.samples.length);
    const outcome = await compareBackends({
      model: { spec, described: describeModel(source), weights: () => source.weights },
      plans,
      paths,
      pathsAsked: options.backends !== undefined,
      images:
        dataset === null
          ? madeUpImages(spec, referenceImages)
          : imagesOfDataset(dataset, referenceImages, options.agreement),
      referenceImages,
      // A number of images that was asked for is answered by everyone.
      budgetMs: options.images === undefined ? 1000 * options.seconds : Number.POSITIVE_INFINITY,
      batches: options.batch === undefined ? usualBatches(spec) : parseBatches(options.batch),
      speedBudget: { warmup: 1, minRounds: 3, maxRounds: 15, ms: 2000 },
      threads: threadsAtHand(usesCpu ? 'cpu' : 'none', [spec], options.threads),
      pathOptions: options.browser === undefined ? {} : { browser: options.browser },
      out: options.out,
      command: ['vssm', ...process.argv.slice(2)],
      progress: progressOn(process.stderr),
    });
    if (outcome.state === 'stopped') {
      return { exitCode: outcome.exitCode, text: 'stopped', records: [], report: null };
    }
    const written =
      options.report === false ? null : await report({ results: [options.out], out: options.report });
    const place = written === null ? '' : `\n\nreport: ${written.index}`;
    const text = comparisonText(outcome.records) + place;
    return { exitCode: 0, text, records: outcome.records, report: written?.index ?? null };
  } finally {
    await dataset?.close();
  }
}

/**
 * The dense plan, then the pruned ones.
 *
 * @throws UserError for a plan that the model cannot have
 */
async function plansOf(options: CompareOptions, spec: ModelSpec): Promise<readonly PruningPlan[]> {
  const { prune = [`${quarters(spec.depth).join(',')}@0.7`] } = options;
  const pruned = await Promise.all(
    prune.map((schedule) => planOf({ ...options, prune: schedule }, spec.family)),
  );
  for (const plan of pruned) checkPlan(spec, plan);
  return [densePlan, ...pruned.filter(({ schedule }) => schedule.length > 0)];
}

function quarters(depth: number): number[] {
  const blocks = [0.25, 0.5, 0.75].map((share) => Math.max(1, Math.round(share * depth)));
  return [...new Set(blocks)];
}

async function openImages({ data }: CompareOptions, spec: ModelSpec): Promise<ImageDataset | null> {
  if (data !== undefined) {
    const dataset = await openImageFolder(data, { recipe: imageRecipeOf(spec), imageSize: spec.imageWidth });
    checkInput(dataset, spec);
    return dataset;
  }
  const embedded = spec.inChannels === 1 && spec.imageHeight === 28 && spec.imageWidth === 28;
  return embedded ? openFashionMnist() : null;
}

/** The reference takes about 4 s for a strict GFLOP. */
const referenceMsPerGflop = 4000;
const referenceBudgetMs = 20_000;
const mostImages = 100;

function affordableImages(spec: ModelSpec, plans: readonly PruningPlan[]): number {
  const gflops = plans.reduce((sum, plan) => sum + modelFlops(spec, plan, 'strict').total / 1e9, 0);
  return Math.max(1, Math.min(mostImages, Math.floor(referenceBudgetMs / (referenceMsPerGflop * gflops))));
}

function usualBatches(spec: ModelSpec): CompareRequest['batches'] {
  return modelFlops(spec, densePlan, 'strict').total < 0.5e9 ? [1, 8, 32] : [1, 4];
}

function comparisonText(records: readonly ComparisonRecord[]): string {
  const plans = [...Map.groupBy(records, ({ plan }) => JSON.stringify(plan)).values()];
  const missing = plans[0].filter(({ outcome }) => outcome.state === 'unavailable');
  return [...plans.map(planText), ...missing.map(missingText)].join('\n\n');
}

function planText(records: readonly ComparisonRecord[]): string {
  const [{ model, plan, images }] = records;
  const measured = records.flatMap(({ backend, outcome }) =>
    outcome.state === 'measured' ? [{ backend, ...outcome }] : [],
  );
  const batches = [...new Set(measured.flatMap(({ timings }) => timings.map(({ batch }) => batch)))];
  const head = ['backend', 'images', 'max |Δlogit|', 'mean', 'top-1', 'kept tokens', 'agreement'];
  const rows = measured.map(({ backend, parity, agreement, timings, untimed }) => [
    nameOf(backend),
    String(parity.images),
    parity.maxDifference.toExponential(1),
    parity.meanDifference.toExponential(1),
    `${parity.sameTop1}/${parity.images}`,
    keptText(parity),
    agreement === null ? '' : `${agreement.sameTop1}/${agreement.images}`,
    ...batches.map((batch) => {
      const timing = timings.find((one) => one.batch === batch);
      return timing === undefined ? (untimed === null ? '' : 'not timed') : timing.medianMs.toFixed(2);
    }),
  ]);
  const where = images.dataset === null ? 'noise' : `${images.dataset.name} ${images.dataset.split}`;
  const title = `${model.name}, ${planName(plan)}: ${counted(images.reference, 'image')} of ${where} by the reference, ${images.referenceMs.toFixed(0)} ms each`;
  return [title, textTable([...head, ...batches.map((batch) => `ms at ${batch}`)], rows)].join('\n');
}

function keptText({ images, kept }: Parity): string {
  if (kept === null) return 'all';
  if (kept.images === 0) return 'the same';
  return `${images - kept.images}/${images} the same, ${kept.ties} near-ties, margin ${kept.largestMargin.toExponential(1)}`;
}

type Parity = Extract<ComparisonRecord['outcome'], { state: 'measured' }>['parity'];

function missingText({ backend, outcome }: ComparisonRecord): string {
  if (outcome.state !== 'unavailable') return '';
  return `${nameOf(backend)} is not available: ${outcome.reason}\n  fix: ${outcome.fix}`;
}
