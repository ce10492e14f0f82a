/** What `vssm detect` and `vssm segment` share: the model they name, the run, and what is said of both. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { backendNames } from '@vssm/backend';
import {
  describedVisionModel,
  evaluateVisionOnce,
  openBackend,
  parseShard,
  progressOn,
  usualWorkers,
  type VisionModel,
  type VisionOnceRequest,
  type VisionOutcome,
} from '@vssm/bench';
import { type Checkpoint, readCheckpoint } from '@vssm/checkpoints';
import { counted, formatSchedule, oneOf, type PruningPlan, planName, UserError } from '@vssm/core';
import { largestInput, type SizeLimits, visionRecipeFor } from '@vssm/datasets';
import type { ShardRecord, VisionRecord } from '@vssm/results';
import {
  inputSize,
  namedVisionModel,
  randomVisionWeights,
  type VisionSpec,
  visionFlops,
  visionParameterCount,
  withInputSize,
} from '@vssm/vision-tasks';
import { loadVisionModel, visionClasses } from '@vssm/vision-tasks/checkpoint';
import { failedLines, shardLines, shardResult } from './evaluated.ts';
import type { VisionCommandOptions } from './options/vision.ts';
import { note, type OutputOptions, printResult } from './output.ts';

export interface SourcedVisionModel<Spec extends VisionSpec> extends VisionModel {
  readonly spec: Spec;
  /** For people: the model's name, or the checkpoint's path. */
  readonly name: string;
  /** Null where the weights are random. */
  readonly checkpoint: { readonly path: string; readonly sha256: string } | null;
  /** As the checkpoint lists them. */
  readonly classes: readonly string[] | undefined;
  readonly ignored: readonly string[];
}

/**
 * @param read the options' checkpoint, where it has been read already
 * @throws UserError for a classifier, or neither of `--checkpoint` and `--model`, or both
 */
export async function loadVision(
  { model, checkpoint, key }: Pick<VisionCommandOptions, 'model' | 'checkpoint' | 'key'>,
  read?: Checkpoint,
): Promise<SourcedVisionModel<VisionSpec>> {
  if ((model === undefined) === (checkpoint === undefined)) {
    throw new UserError(
      model === undefined
        ? 'no model: give --checkpoint FILE, or --model NAME for a smoke run with random weights'
        : `--model ${model} and --checkpoint ${checkpoint}: give one of the two`,
    );
  }
  if (model !== undefined) {
    const spec = namedVisionModel(model);
    const origin = { identity: { seed: 0 }, checkpoint: null, classes: undefined, ignored: [] };
    const described = describedVisionModel(model, spec, { from: 'random', seed: 0 });
    const weights = randomVisionWeights(spec, 0);
    return { ...origin, spec, weights, described, name: `${model}, random weights` };
  }
  const path = checkpoint!;
  const file = read ?? (await readCheckpoint(path, key === undefined ? {} : { key }));
  const { sha256 } = file;
  const loaded = loadVisionModel(file);
  const weights = { from: 'checkpoint', file: basename(path), sha256 } as const;
  const described = describedVisionModel(basename(path), loaded.spec, weights);
  return { ...loaded, identity: { sha256 }, described, name: path, checkpoint: { path, sha256 } };
}

/** Before anything is read: which backend was asked for, and whether it can. */
export function checkBackend({ backend }: Pick<VisionCommandOptions, 'backend'>): void {
  if (oneOf('--backend', backend, backendNames) === 'cpu') return;
  throw new UserError(`--backend ${backend}: detectors and segmenters run on cpu only; leave --backend out`);
}

/** The data set's names of the model's classes: the checkpoint's own list must not contradict them. */
export function checkClasses(
  { name, spec, classes }: SourcedVisionModel<VisionSpec>,
  dataset: string,
  usual: readonly string[],
): void {
  const count = visionClasses(spec);
  if (count !== usual.length) {
    throw new UserError(
      `${name}: tells ${counted(count, 'class', 'classes')} apart, ${dataset} has ${usual.length}; is this another data set's model?`,
    );
  }
  const at = classes?.findIndex((own, index) => own !== usual[index]) ?? -1;
  if (at >= 0) {
    throw new UserError(
      `${name}: its class ${at} is "${classes![at]}", in ${dataset} it is "${usual[at]}"; is this another data set's model?`,
    );
  }
}

/** The folder of the data set. */
export function dataFolder({ data }: VisionCommandOptions, variable: string, card: string): string {
  const folder = data ?? process.env[variable];
  if (folder === undefined || folder === '') {
    throw new UserError(`no data: give --data FOLDER (or ${variable}); ${card} lists the layouts`);
  }
  return folder;
}

type Request = Pick<VisionOnceRequest, 'kind' | 'model' | 'plan' | 'dataset'>;

/** What a command has to print, with the folder in which the answers are kept. */
export type EndedVision = Extract<VisionOutcome, { state: 'done' }> & { readonly folder: string };

/**
 * Evaluates and lets `print` say what came out; says how to go on where it was stopped. Closes the data set.
 *
 * @throws UserError for a backend that cannot, a shard without a place for its answers
 */
export async function evaluateToEnd(
  options: VisionCommandOptions & OutputOptions,
  request: Request & { readonly dataset: { close(): Promise<void> } },
  print: (record: VisionRecord, ended: EndedVision) => void,
): Promise<void> {
  const { limit, max, threads } = options;
  const { dataset, model } = request;
  try {
    const shard = options.shard === undefined ? undefined : parseShard(options.shard);
    if (shard !== undefined && options.out === undefined) {
      throw new UserError(`--shard ${options.shard}: its answers need a place, give --out FOLDER`);
    }
    const backend = await openBackend('cpu');
    const workers = affordableWorkers(model.spec, threads);
    await withFolder(options, async (out) => {
      const outcome = await evaluateVisionOnce({
        ...request,
        ...{ backend, out, limit, limits: max ?? null },
        ...{ workers, threads: workers },
        ...(shard !== undefined && { shard }),
        command: ['vssm', ...process.argv.slice(2)],
        progress: progressOn(process.stderr),
      });
      if (outcome.state === 'done') {
        const { record } = outcome;
        if (record.kind === 'shard') printShard(options, record, out);
        else print(record, { ...outcome, folder: out });
        return;
      }
      const next = options.out === undefined ? '' : '; run the same command again to go on';
      process.stderr.write(`stopped${next}\n`);
      process.exitCode = outcome.exitCode;
    });
  } finally {
    await dataset.close();
  }
}

/** Worker threads, a model in each: those asked for, or fewer with a word where memory carries no more. */
function affordableWorkers(spec: VisionSpec, asked: number | undefined): number {
  const most = usualWorkers(spec);
  if (asked === undefined || asked <= most) return asked ?? most;
  note(`--threads ${asked}: memory carries ${counted(most, 'thread')} with a model each, so ${most} it is`);
  return most;
}

function printShard(options: OutputOptions, record: ShardRecord, folder: string): void {
  printResult(options, shardResult(record, folder), shardLines(record, folder));
}

/** Runs with the folder of the answers; one that nobody asked to keep is removed afterwards. */
async function withFolder<T>({ out }: VisionCommandOptions, run: (folder: string) => Promise<T>): Promise<T> {
  if (out !== undefined) return run(out);
  const folder = mkdtempSync(join(tmpdir(), 'vssm-dense-'));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A segmenter that looks through windows runs once for each: their size is the same whatever the image's. */
function windowsOf(spec: VisionSpec): { readonly every: number } | null {
  return spec.kind === 'upernet' && spec.test.mode === 'slide' ? { every: spec.test.stride } : null;
}

/**
 * The model at the size that costs are stated for: the usual one, or with `--max` the largest input within these
 * limits; a window, where it looks through windows.
 */
function atStatedSize(spec: VisionSpec, max: SizeLimits | undefined): VisionSpec {
  if (max === undefined || windowsOf(spec) !== null) return spec;
  const recipe = spec.kind === 'upernet' ? 'plainmamba-ade20k' : 'plainmamba-coco';
  const { height, width } = largestInput(visionRecipeFor(recipe, max));
  return withInputSize(spec, height, width);
}

/** What every result says of the model, the plan and the run. @param max the limits that were asked for, if any */
export function describeRun(
  { spec: usual, name, checkpoint, ignored }: SourcedVisionModel<VisionSpec>,
  plan: PruningPlan,
  { images, failed, partial }: VisionRecord,
  { throughput }: Pick<EndedVision, 'throughput'>,
  max: SizeLimits | undefined,
) {
  const spec = atStatedSize(usual, max);
  const strict = visionFlops(spec, plan, 'strict');
  const paper = visionFlops(spec, plan, 'paper');
  const { height, width } = inputSize(spec);
  return {
    model: name,
    kind: spec.kind,
    checkpoint: checkpoint?.path ?? null,
    checkpointSha256: checkpoint?.sha256 ?? null,
    /** Figures of random weights say that everything runs, and nothing else. */
    randomWeights: checkpoint === null,
    params: visionParameterCount(spec),
    schedule: formatSchedule(plan.schedule),
    plan,
    /**
     * Of one run of the whole model at `height` x `width`, whatever the sizes of the images were; with `windowEvery`, an
     * image takes such a run every so many pixels.
     */
    gflops: {
      ...{ strict: strict.total / 1e9, paper: paper.total / 1e9, height, width, tokens: strict.tokens },
      windowEvery: windowsOf(spec)?.every ?? null,
    },
    images,
    failed,
    partial,
    throughput,
    ignored,
  };
}

type Described = ReturnType<typeof describeRun>;

/** The same for people, around the figures. */
export function describeLines(
  run: Described,
  dataset: string,
): {
  readonly before: readonly (readonly [string, string])[];
  readonly after: readonly (readonly [string, string])[];
} {
  const { plan, gflops, images, failed, partial, throughput } = run;
  const remarks = [
    ...(partial ? ['partial, not comparable'] : []),
    ...(run.randomWeights ? ['random weights: a smoke run, no result'] : []),
  ];
  return {
    before: [
      ['model', run.checkpoint === null ? run.model : basename(run.model)],
      ['plan', planName(plan)],
      ['data', `${dataset}, ${counted(images, 'image')}${remarks.map((remark) => ` (${remark})`).join('')}`],
      ...failedLines(failed),
    ],
    after: [
      [
        'GFLOPs',
        `${small(gflops.strict)} of the whole model at ${gflops.height}x${gflops.width} (strict profile); ${
          gflops.windowEvery === null
            ? 'an image costs as its own size asks'
            : `an image takes such a window every ${gflops.windowEvery} pixels`
        }`,
      ],
      ...(throughput === null
        ? []
        : [['time', `${throughput.msPerImage.toFixed(0)} ms per image, decoding included`] as const]),
    ],
  };
}

/** With one decimal, or with three digits where that would say little of a miniature. */
function small(gflops: number): string {
  return gflops < 10 ? gflops.toPrecision(3) : gflops.toFixed(1);
}
