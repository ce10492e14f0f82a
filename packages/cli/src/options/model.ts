/** Where a model comes from: a checkpoint, or a published size with random weights. */
import { fileURLToPath } from 'node:url';
import { loadVim, readCheckpoint } from '@vssm/checkpoints';
import {
  checkVimSpec,
  randomVimWeights,
  UserError,
  type VimSpec,
  vimModel,
  vimModels,
  type Weights,
} from '@vssm/core';
import type { Command } from 'commander';
import { heightByWidth, whole } from './numbers.ts';

export interface ModelOptions {
  readonly model?: string;
  readonly checkpoint?: string;
  readonly key?: string;
  readonly stride?: number;
  readonly imageSize?: { readonly height: number; readonly width: number };
  readonly grid?: { readonly height: number; readonly width: number };
}

export interface SourcedModel {
  readonly spec: VimSpec;
  readonly weights: Weights;
  /** Name for people: the model's, or the checkpoint's path. */
  readonly name: string;
  /** Absent where the weights are random. */
  readonly checkpoint?: { readonly path: string; readonly sha256: string };
  /** What was in the file and is not used. */
  readonly ignored: readonly string[];
}

/** The small Vim trained on Fashion-MNIST that ships with the project. */
export const embeddedCheckpoint = fileURLToPath(
  new URL('../../../../datasets/fashion-mnist/vim-nano-fmnist.pth', import.meta.url),
);

export function addModelOptions(command: Command): Command {
  return command
    .option('--checkpoint <file>', '.pth or .safetensors; default: the embedded Fashion-MNIST model')
    .option(
      '--model <name>',
      `${Object.keys(vimModels).join(', ')} with random weights, instead of a checkpoint`,
    )
    .option(
      '--key <name>',
      'which entry of the checkpoint holds the state dict; default: model, state_dict, …',
    )
    .option('--stride <pixels>', 'step between patches, if it is not the patch size', whole('--stride', 1))
    .option('--image-size <HxW>', 'input size the model runs at', heightByWidth('--image-size'))
    .option(
      '--grid <HxW>',
      'patch grid, where it is neither square nor given by the input',
      heightByWidth('--grid'),
    );
}

export async function loadModel(options: ModelOptions): Promise<SourcedModel> {
  if (options.model !== undefined) {
    if (options.checkpoint !== undefined) {
      throw new UserError(
        `--model ${options.model} and --checkpoint ${options.checkpoint}: give one of the two`,
      );
    }
    const spec = modelSpec(options.model, options);
    return { spec, weights: randomVimWeights(spec), name: `${options.model}, random weights`, ignored: [] };
  }
  const path = options.checkpoint ?? embeddedCheckpoint;
  const file = await readCheckpoint(path, options.key === undefined ? {} : { key: options.key });
  const { spec, weights, ignored } = loadVim(file, {
    ...(options.stride !== undefined && { stride: options.stride }),
    ...(options.imageSize !== undefined && { imageSize: options.imageSize }),
    ...(options.grid !== undefined && { grid: options.grid }),
  });
  const name = options.checkpoint ?? 'vim-nano-fmnist (embedded)';
  return { spec, weights, name, checkpoint: { path, sha256: file.sha256 }, ignored };
}

/** A published model's spec, at another input size or stride if asked. */
export function modelSpec(name: string, options: ModelOptions): VimSpec {
  if (options.grid !== undefined) {
    throw new UserError(
      '--grid goes with --checkpoint; use --image-size to run a named model at another size',
    );
  }
  const spec = vimModel(name);
  return checkVimSpec({
    ...spec,
    imageHeight: options.imageSize?.height ?? spec.imageHeight,
    imageWidth: options.imageSize?.width ?? spec.imageWidth,
    stride: options.stride ?? spec.stride,
  });
}
