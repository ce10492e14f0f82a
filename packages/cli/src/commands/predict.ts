/** The work of `vssm predict`: logits and kept positions of a tensor or a folder of images. */
import { openBackend, progressOn } from '@vssm/bench';
import { writeSafetensors } from '@vssm/checkpoints';
import { formatSchedule, oneOf, type PruningPlan, planName, UserError } from '@vssm/core';
import { checkWritable } from '@vssm/core/files';
import { recipeNames } from '@vssm/datasets';
import { classTokenOf, imageRecipeOf, tokenGrid, tokenLayout } from '@vssm/families';
import { topK } from '@vssm/metrics';
import { classNames } from '../class-names.ts';
import {
  datasetInput,
  type InputTensor,
  openImages,
  type PredictInput,
  pixelsOf,
  readInputTensor,
  tensorInput,
} from '../inputs.ts';
import type { BackendOptions } from '../options/backend.ts';
import { loadModel, type ModelOptions, type SourcedModel } from '../options/model.ts';
import { type PlanOptions, planOf } from '../options/plan.ts';
import { listing, type OutputOptions, printResult } from '../output.ts';
import { predictImages } from '../predict-images.ts';
import { predictionTensors } from '../prediction-tensors.ts';
import { threadsAtHand } from '../threads-at-hand.ts';

export type PredictOptions = ModelOptions &
  PlanOptions &
  BackendOptions &
  OutputOptions & {
    readonly tensor?: string;
    readonly images?: string;
    readonly recipe?: string;
    /** File of names. */
    readonly classes?: string;
    readonly batch: number;
    readonly out: string;
  };

export async function predict(options: PredictOptions): Promise<void> {
  checkWritable(options.out);
  const { name, backend } = await openBackend(options.backend, options);
  const tensor = options.tensor === undefined ? undefined : await readInputTensor(options.tensor);
  const source = await loadModel(options, { input: tensor && pixelsOf(tensor.tensor) });
  const plan = await planOf(options, source.spec.family);
  const names = classNames(source, options.classes);
  const input = await openInput(options, tensor, source);
  try {
    const { classes } = source.spec;
    const { logits, kept, failed } = await predictImages({
      ...{
        backend,
        model: source,
        plan,
        input,
        batch: options.batch,
        threads: threadsAtHand(options.backend, [source.spec], options.threads),
      },
      progress: progressOn(process.stderr),
    });
    await writeSafetensors(options.out, predictionTensors(logits, classes, kept, input.count), {
      plan: JSON.stringify(plan),
      ...(input.ids !== undefined && { images: JSON.stringify(input.ids) }),
      ...(names !== undefined && { classes: JSON.stringify(names) }),
      ...(source.checkpoint !== undefined && { checkpoint_sha256: source.checkpoint.sha256 }),
    });
    const best = Array.from({ length: input.count }, (_, item) =>
      Array.from(topK(logits, classes, Math.min(5, classes), item), (label) => ({
        class: label,
        ...(names !== undefined && { name: names[label] }),
      })),
    );
    const result = {
      out: options.out,
      count: input.count,
      model: source.name,
      /** Answers of random weights mean nothing. */
      randomWeights: source.checkpoint === undefined,
      backend: name,
      classes,
      schedule: formatSchedule(plan.schedule),
      plan,
      /** Kept positions count the cells of this grid row by row, and the protected tokens where they stand. */
      grid: tokenGrid(source.spec),
      classToken: classTokenOf(source.spec),
      protectedTokens: tokenLayout(source.spec).protectedTokens,
      tokens: [...kept].map(([after, positions]) => ({ after, kept: positions.length / input.count })),
      source: source.checkpoint?.sha256 ?? source.name,
      /** How the model's family was decided; null of random weights. */
      familyFrom: source.checkpoint?.familyFrom ?? null,
      ignored: source.ignored,
      /** Samples without an answer: their logits are NaN, their kept positions -1. */
      failed,
      predictions: best.map((top5, item) => ({
        id: input.ids?.[item] ?? String(item),
        ...top5[0],
        /** Best first. */
        top5,
      })),
    };
    printResult(options, result, human(result));
    if (failed.length > 0) process.exitCode = 1;
  } finally {
    await input.close();
  }
}

async function openInput(
  options: PredictOptions,
  tensor: InputTensor | undefined,
  { spec }: SourcedModel,
): Promise<PredictInput> {
  if ((options.tensor === undefined) === (options.images === undefined)) {
    throw new UserError('give one of --tensor FILE.safetensors and --images FOLDER');
  }
  if (tensor !== undefined) return tensorInput(tensor, spec);
  const recipe = oneOf('--recipe', options.recipe ?? imageRecipeOf(spec), recipeNames);
  return datasetInput(await openImages(options.images!, spec, recipe));
}

function human(result: {
  out: string;
  count: number;
  model: string;
  randomWeights: boolean;
  plan: PruningPlan;
  predictions: readonly { id: string; top5: readonly Answer[] }[];
  ignored: readonly string[];
  failed: readonly { readonly id: string; readonly reason: string }[];
}): string {
  const shown = result.predictions
    .slice(0, 20)
    .map(({ id, top5 }) => [id, top5.map(answerText).join(', ')] as const);
  const more = result.count - shown.length;
  return [
    listing([
      ['model', `${result.model}${result.randomWeights ? ': its answers mean nothing' : ''}`],
      ['plan', planName(result.plan)],
    ]),
    listing(shown),
    ...(more > 0 ? [`… and ${more} more`] : []),
    ...(result.ignored.length > 0 ? [notUsed(result.ignored)] : []),
    ...result.failed.map(({ id, reason }) => `no answer for image ${id}: ${reason}`),
    `wrote ${result.out}`,
  ].join('\n');
}

interface Answer {
  readonly class: number;
  readonly name?: string;
}

function answerText({ class: label, name }: Answer): string {
  return name ?? `class ${label}`;
}

function notUsed(ignored: readonly string[]): string {
  const shown = ignored.slice(0, 3).join('; ');
  return `not used from the checkpoint: ${shown}${ignored.length > 3 ? `; and ${ignored.length - 3} more` : ''}`;
}
