/** The work of `vssm explain`: contributions of every token, drawn over each image and written for programs. */
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { bestClass, type Classified, type Contributions, contributionMap } from '@vssm/backend';
import { openBackend, progressOn } from '@vssm/bench';
import { writeSafetensors } from '@vssm/checkpoints';
import { counted, formatSchedule, oneOf, type PruningPlan, planName, UserError } from '@vssm/core';
import { checkWritable, writeWholeFolder } from '@vssm/core/files';
import { encodePng, type ImageDataset, recipeNames } from '@vssm/datasets';
import { imageRecipeOf, keptCells, type ModelSpec, tokenGrid } from '@vssm/families';
import { classNames } from '../class-names.ts';
import { openDataset } from '../dataset-named.ts';
import { drawExplained } from '../explain/draw.ts';
import { FileNames } from '../explain/file-names.ts';
import { Lettering } from '../explain/lettering.ts';
import { contributionTensors } from '../explain/tensors.ts';
import { checkInput, datasetInput, openImages } from '../inputs.ts';
import type { BackendOptions } from '../options/backend.ts';
import { loadModel, type ModelOptions, type SourcedModel } from '../options/model.ts';
import { type PlanOptions, planOf } from '../options/plan.ts';
import { listing, type OutputOptions, printResult } from '../output.ts';
import { type Predicted, predictImages } from '../predict-images.ts';
import { predictionTensors } from '../prediction-tensors.ts';
import { threadsAtHand } from '../threads-at-hand.ts';

export type ExplainOptions = ModelOptions &
  PlanOptions &
  BackendOptions &
  OutputOptions & {
    readonly images?: string;
    readonly recipe?: string;
    readonly data?: string;
    readonly dataset?: string;
    /** File of names. */
    readonly classes?: string;
    readonly limit?: number;
    readonly batch: number;
    readonly block?: number;
    readonly out: string;
  };

/** Images of a data set that are explained where nobody says how many. */
const fewOfDataset = 16;

/** A picture that has been written. */
interface Drawn {
  readonly id: string;
  readonly file: string;
  readonly class: number;
  readonly name?: string;
  readonly probability: number;
  /** The cell that most is read of, from 0, and what part of all that is. */
  readonly most: { readonly row: number; readonly column: number; readonly share: number };
}

export async function explain(options: ExplainOptions): Promise<void> {
  const folder = resolve(options.out);
  if (existsSync(folder)) throw new UserError(`--out ${options.out}: exists already; name a new folder`);
  checkWritable(folder);
  const { name, backend } = await openBackend(options.backend, options);
  const source = await loadModel(options);
  const { spec } = source;
  const plan = await planOf(options, spec.family);
  checkBlock(options.block, spec);
  const dataset = await openPictures(options, spec);
  try {
    const names =
      classNames(source, options.classes) ??
      (dataset.classes.length === spec.classes ? dataset.classes : undefined);
    const fallback = options.images === undefined ? fewOfDataset : dataset.samples.length;
    const input = datasetInput(dataset, options.limit ?? fallback);
    const contributions = new Map<number, Contributions>();
    const predicted = await predictImages({
      ...{ backend, model: source, plan, input, batch: options.batch },
      threads: threadsAtHand(options.backend, [spec], options.threads),
      progress: progressOn(process.stderr),
      explained: (index: number, answer: Classified) => contributions.set(index, answer.contributions!),
    });
    const explained = { options, source, plan, dataset, names, contributions, predicted, count: input.count };
    const drawn = await writeWholeFolder(folder, (draft) => write(explained, draft));
    const result = {
      out: options.out,
      count: input.count,
      model: source.name,
      /** What random weights read means nothing. */
      randomWeights: source.checkpoint === undefined,
      backend: name,
      schedule: formatSchedule(plan.schedule),
      plan,
      grid: tokenGrid(spec),
      /** Null: the mean over all of them. */
      block: options.block ?? null,
      pictures: drawn,
      failed: predicted.failed,
    };
    printResult(options, result, human(result));
    if (predicted.failed.length > 0) process.exitCode = 1;
  } finally {
    await dataset.close();
  }
}

function checkBlock(block: number | undefined, { depth }: ModelSpec): void {
  if (block !== undefined && block > depth) {
    throw new UserError(`--block ${block}: the model has ${counted(depth, 'block')}`);
  }
}

async function openPictures(options: ExplainOptions, spec: ModelSpec): Promise<ImageDataset> {
  const { images, data, dataset, recipe } = options;
  if (images !== undefined) {
    if (data !== undefined || dataset !== undefined) {
      throw new UserError('--images and a data set (--data, --dataset): give one of the two');
    }
    return openImages(images, spec, oneOf('--recipe', recipe ?? imageRecipeOf(spec), recipeNames));
  }
  if (recipe !== undefined)
    throw new UserError(`--recipe ${recipe}: goes with --images; a data set has its own`);
  const opened = await openDataset(options, spec);
  try {
    checkInput(opened, spec);
  } catch (error) {
    await opened.close();
    throw error;
  }
  return opened;
}

interface Explanation {
  readonly options: ExplainOptions;
  readonly source: SourcedModel;
  readonly plan: PruningPlan;
  readonly dataset: ImageDataset;
  readonly names: readonly string[] | undefined;
  /** Of each image that has an answer. */
  readonly contributions: ReadonlyMap<number, Contributions>;
  readonly predicted: Predicted;
  readonly count: number;
}

async function write(explanation: Explanation, draft: string): Promise<readonly Drawn[]> {
  const { options, source, plan, dataset, contributions, predicted, count } = explanation;
  const { spec, checkpoint } = source;
  const lettering = await Lettering.open();
  const files = new FileNames();
  const maps = new Map<number, Float64Array>();
  const pixels: (string | null)[] = Array(count).fill(null);
  const drawn: Drawn[] = [];
  for (const [index, own] of [...contributions].sort(([a], [b]) => a - b)) {
    const map = contributionMap(spec, own, options.block);
    maps.set(index, map);
    const seen = await dataset.preview(index);
    pixels[index] = createHash('sha256').update(seen.data).digest('hex');
    const { id } = dataset.samples[index];
    const file = files.of(id);
    const answer = { id, file, ...answerOf(explanation, index), most: mostOf(map, spec) };
    const picture = drawExplained(
      {
        ...{ seen, grid: tokenGrid(spec), map, kept: cellsLeft(explanation, index) },
        title: `${answer.name ?? `class ${answer.class}`}, ${percent(answer.probability)}`,
        subtitle: [id, modelWords(source), planName(plan)].join(' · '),
        blocks:
          options.block === undefined
            ? `mean over ${counted(spec.depth, 'block')}`
            : `block ${options.block}`,
      },
      lettering,
    );
    writeFileSync(join(draft, file), await encodePng(picture));
    drawn.push(answer);
  }
  const tensors = new Map([
    ...predictionTensors(predicted.logits, spec.classes, predicted.kept, count),
    ...contributionTensors(contributions, maps, tokenGrid(spec), count),
  ]);
  await writeSafetensors(join(draft, 'contributions.safetensors'), tensors, {
    plan: JSON.stringify(plan),
    images: JSON.stringify(dataset.samples.slice(0, count).map(({ id }) => id)),
    // Of the 8-bit RGB pixels that the model sees, row by row; null without an answer.
    images_sha256: JSON.stringify(pixels),
    map: options.block === undefined ? 'mean over all blocks' : `block ${options.block}`,
    ...(checkpoint === undefined ? { weights: 'random' } : { checkpoint_sha256: checkpoint.sha256 }),
  });
  return drawn;
}

/** Cells that are left after the last step; null where nothing is pruned. */
function cellsLeft({ source, plan, predicted, count }: Explanation, index: number): Set<number> | null {
  const last = plan.schedule.at(-1);
  if (last === undefined) return null;
  const all = predicted.kept.get(last.after)!;
  const own = all.length / count;
  return keptCells(source.spec, all.subarray(index * own, (index + 1) * own));
}

function answerOf({ predicted, source, names }: Explanation, index: number) {
  const { classes } = source.spec;
  const { index: label, probability } = bestClass(
    predicted.logits.subarray(index * classes, (index + 1) * classes),
  );
  return { class: label, ...(names !== undefined && { name: names[label] }), probability };
}

function mostOf(map: Float64Array, spec: ModelSpec): Drawn['most'] {
  const { width } = tokenGrid(spec);
  let cell = 0;
  for (let i = 1; i < map.length; i++) if (map[i] > map[cell]) cell = i;
  return { row: Math.floor(cell / width), column: cell % width, share: map[cell] };
}

function percent(share: number): string {
  return share < 0.005 ? '< 1 %' : `${(100 * share).toFixed(0)} %`;
}

function modelWords({ name, checkpoint }: SourcedModel): string {
  return checkpoint === undefined ? `${name}: means nothing` : name.split(/[\\/]/).at(-1)!;
}

function human(result: {
  readonly out: string;
  readonly model: string;
  readonly randomWeights: boolean;
  readonly plan: PruningPlan;
  readonly grid: { readonly height: number; readonly width: number };
  readonly pictures: readonly Drawn[];
  readonly failed: Predicted['failed'];
}): string {
  const rows = result.pictures.map((own) => {
    const { row, column, share } = own.most;
    const answer = `${own.name ?? `class ${own.class}`}, ${percent(own.probability)}`;
    const place = `most of it from row ${row + 1}, column ${column + 1}: ${(100 * share).toPrecision(2)} %`;
    return [own.file, `${answer}; ${place}`] as const;
  });
  return [
    listing([
      ['model', `${result.model}${result.randomWeights ? ': what it reads means nothing' : ''}`],
      ['plan', planName(result.plan)],
    ]),
    listing(rows),
    ...result.failed.map(({ id, reason }) => `no answer for image ${id}: ${reason}`),
    `wrote ${counted(rows.length, 'picture')} and contributions.safetensors to ${result.out}`,
  ].join('\n');
}
