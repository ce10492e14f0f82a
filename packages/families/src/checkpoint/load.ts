/** A checkpoint's tensors to a model of either family: its spec, and exactly the tensors that the spec asks for. */
import { type Checkpoint, leftOut } from '@vssm/checkpoints';
import { type Tensor, UserError, type Weights } from '@vssm/core';
import { type ModelSpec, modelTensors } from '../model.ts';
import { inferPlainMamba, isPlainMamba } from '../plainmamba/checkpoint/infer.ts';
import { inferVim, isOtherHead } from '../vim/checkpoint/infer.ts';
import { checkFinite } from './check.ts';
import type { GridOptions } from './size.ts';

export interface LoadedCheckpoint {
  readonly spec: ModelSpec;
  /** Every tensor of `modelTensors(spec)`, BatchNorm statistics included, in that order, and no other. */
  readonly weights: Weights;
  /** What of the file is not used, as `name: why`: the checkpoint's own list, and heads. */
  readonly ignored: readonly string[];
}

/**
 * Tells the family by its names, infers the spec from names and shapes, and checks every tensor against it.
 *
 * Whether Vim's class token stands in the middle cannot be seen in the weights; it does in upstream's published
 * models, and is taken to here.
 *
 * @param options image size (pixels), grid and stride, where the weights do not tell; see vim/grid.ts and
 * plainmamba/grid.ts
 * @throws UserError for another family's file; missing, extra or misshapen tensors, all listed; NaN and
 * infinity; an image size or grid that does not fit the position embedding
 */
export function loadModel(checkpoint: Checkpoint, options: GridOptions = {}): LoadedCheckpoint {
  try {
    return load(checkpoint, options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`checkpoint ${checkpoint.path}: ${error.message}`, { cause: error });
  }
}

function load(checkpoint: Checkpoint, options: GridOptions): LoadedCheckpoint {
  const { tensors } = checkpoint;
  const infer = isPlainMamba(tensors.keys()) ? inferPlainMamba : inferVim;
  const spec = infer(checkpoint, options);
  const weights = new Map<string, Tensor<Float32Array>>();
  for (const name of modelTensors(spec).keys()) weights.set(name, checkFinite(name, tensors.get(name)!));
  const unused = [...tensors.keys()].flatMap((name) => {
    if (weights.has(name)) return [];
    return leftOut(name, isOtherHead(name) ? 'a head that this run does not use' : 'a counter of batches');
  });
  return { spec, weights, ignored: [...checkpoint.ignored, ...unused] };
}
