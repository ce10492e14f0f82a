/** Where a model comes from: a checkpoint, or a published size with random weights. */
import { fileURLToPath } from 'node:url';
import type { Checkpoint } from '@vssm/checkpoints';
import { oneOf, UserError, type Weights } from '@vssm/core';
import {
  familyNote,
  type ModelSpec,
  modelFamilies,
  models,
  namedModel,
  randomWeights,
  resizedModel,
} from '@vssm/families';
import type { FamilyEvidence, Size } from '@vssm/families/checkpoint';
import type { Command } from 'commander';
import { note } from '../output.ts';
import { groups } from './groups.ts';
import { heightByWidth, whole } from './numbers.ts';

export interface ModelOptions {
  readonly model?: string;
  readonly checkpoint?: string;
  readonly key?: string;
  readonly stride?: number;
  readonly imageSize?: Size;
  readonly grid?: Size;
  readonly family?: string;
}

export interface SourcedModel {
  readonly spec: ModelSpec;
  readonly weights: Weights;
  /** Name for people: the model's, or the checkpoint's path. */
  readonly name: string;
  /** Absent where the weights are random. */
  readonly checkpoint?: {
    readonly path: string;
    readonly sha256: string;
    readonly familyFrom: FamilyEvidence;
  };
  /** As the checkpoint lists them, where it does. */
  readonly classes?: readonly string[];
  /** What was in the file and is not used. */
  readonly ignored: readonly string[];
}

/** The small Vim trained on Fashion-MNIST that ships with the project. */
export const embeddedCheckpoint = fileURLToPath(
  new URL('../../../../datasets/fashion-mnist/vim-nano-fmnist.pth', import.meta.url),
);

export function addModelOptions(command: Command): Command {
  return command
    .optionsGroup(groups.model)
    .option('--checkpoint <file>', '.pth or .safetensors; default: the embedded Fashion-MNIST model')
    .option(
      '--model <name>',
      `instead of a checkpoint, random weights: ${Object.keys(models).join(', ')}; default: none`,
    )
    .option(
      '--key <name>',
      'entry of the checkpoint that holds the state dict, or names in it: a prefix, or ema for the buffers of an EMA hook; default: model, state_dict, …',
    )
    .option(
      '--family <name>',
      `whose the checkpoint is: ${modelFamilies.join(', ')}; default: what its tensors, its notes or its file's name tell, else ${modelFamilies[0]}`,
    )
    .option(
      '--stride <pixels>',
      'step between patches (families with a patch projection); default: the patch size',
      whole('--stride', 1),
    )
    .option(
      '--image-size <HxW>',
      'input that the model runs at, pixels; default: what it was trained at',
      heightByWidth('--image-size'),
    )
    .option(
      '--grid <HxW>',
      'patches of the position embedding, rows x columns; default: the square, or what the input tells',
      heightByWidth('--grid'),
    );
}

export interface KnownOfModel {
  /** The options' checkpoint, where it has been read already. */
  readonly file?: Checkpoint;
  /** Size of the input at hand, pixels: where the weights do not tell how patches lie, it does. */
  readonly input?: Size | undefined;
  /** The file comes with the project: nobody needs to be told how its family was decided. */
  readonly ours?: boolean;
}

export async function loadModel(options: ModelOptions, known: KnownOfModel = {}): Promise<SourcedModel> {
  if (options.model !== undefined) {
    if (options.checkpoint !== undefined) {
      throw new UserError(
        `--model ${options.model} and --checkpoint ${options.checkpoint}: give one of the two`,
      );
    }
    const spec = modelSpec(options.model, options);
    return { spec, weights: randomWeights(spec), name: `${options.model}, random weights`, ignored: [] };
  }
  // Readers of files are loaded where there is a file to read: start-up is short without them.
  const { readCheckpoint } = await import('@vssm/checkpoints');
  const { loadModel: loadCheckpoint } = await import('@vssm/families/checkpoint');
  const path = options.checkpoint ?? embeddedCheckpoint;
  const key = options.key === undefined ? {} : { key: options.key };
  const file = known.file ?? (await readCheckpoint(path, key));
  const { spec, weights, ignored, familyFrom } = loadCheckpoint(file, {
    ...(options.family !== undefined && { family: oneOf('--family', options.family, modelFamilies) }),
    ...(options.stride !== undefined && { stride: options.stride }),
    ...(options.imageSize !== undefined && { imageSize: options.imageSize }),
    ...(options.grid !== undefined && { grid: options.grid }),
    ...(known.input !== undefined && { input: known.input }),
  });
  if (options.checkpoint !== undefined && known.ours !== true) {
    note(`family: ${familyNote(spec.family, familyFrom)}${otherwise(familyFrom)}`);
  }
  const name = options.checkpoint ?? 'vim-nano-fmnist (embedded)';
  const { sha256, classes } = file;
  return {
    ...{ spec, weights, name, ignored },
    checkpoint: { path, sha256, familyFrom },
    ...(classes !== undefined && { classes }),
  };
}

/** What to do where nothing in a file says whose it is. */
function otherwise(familyFrom: FamilyEvidence): string {
  return familyFrom === 'default' ? ' (its tensors fit several families; --family says which)' : '';
}

/** A model's spec alone: a published one needs no weights for it. */
export async function specOf(
  options: ModelOptions,
): Promise<{ readonly name: string; readonly spec: ModelSpec }> {
  if (options.model !== undefined && options.checkpoint === undefined) {
    return { name: options.model, spec: modelSpec(options.model, options) };
  }
  return loadModel(options);
}

/** A published model's spec, at another input size or stride if asked. */
function modelSpec(name: string, options: ModelOptions): ModelSpec {
  if (options.family !== undefined) {
    throw new UserError(`--family ${options.family}: goes with --checkpoint; --model ${name} says it`);
  }
  if (options.grid !== undefined) {
    throw new UserError(
      '--grid goes with --checkpoint; use --image-size to run a named model at another size',
    );
  }
  const spec = namedModel(name);
  const { imageHeight: height, imageWidth: width } = spec;
  return resizedModel(spec, options.imageSize ?? { height, width }, options.stride);
}
