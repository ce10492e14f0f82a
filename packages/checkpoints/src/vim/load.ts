/** A checkpoint's tensors to a Vim: its spec, and exactly the weights that the spec asks for. */
import {
  checkVimSpec,
  sameShape,
  type Tensor,
  UserError,
  type VimSpec,
  vimParameters,
  type Weights,
} from '@vssm/core';
import type { Checkpoint } from '../checkpoint.ts';
import { leftOut, listed, quoted } from '../tensor-names.ts';
import { refuseOtherModels } from './families.ts';
import { type GridOptions, resolveGrid } from './grid.ts';
import { inferShape, type VimShape } from './infer-shape.ts';

export interface LoadedVim {
  readonly spec: VimSpec;
  /** Every parameter of `vimParameters(spec)`, in that order, and no other. */
  readonly weights: Weights;
  /** What of the file is not used, as `name: why`: the checkpoint's own list, and heads. */
  readonly ignored: readonly string[];
}

/** A top-level module called head_… or …_head (head_dist, decode_head, auxiliary_head): `head` itself is ours. */
const otherHead = /^(head_\w+|\w+_head)\./;

/** The counter of a BatchNorm, which no forward pass reads. */
const counter = /(^|\.)num_batches_tracked$/;

/**
 * Infers the spec from names and shapes and checks every tensor against it.
 *
 * Whether the class token stands in the middle cannot be seen in the weights; it does in upstream's published
 * models, and is taken to here.
 *
 * @param options stride, image size (pixels) and grid (patches), where the weights do not tell; see grid.ts
 * @throws UserError for another family's file; missing, extra or misshapen tensors, all listed; NaN and
 * infinity; an image size or grid that does not fit the position embedding
 */
export function loadVim(checkpoint: Checkpoint, options: GridOptions = {}): LoadedVim {
  try {
    return load(checkpoint, options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`checkpoint ${checkpoint.path}: ${error.message}`, { cause: error });
  }
}

function load(checkpoint: Checkpoint, options: GridOptions): LoadedVim {
  const { tensors } = checkpoint;
  refuseOtherModels(tensors);
  const shape = inferShape(tensors);
  const parameters = vimParameters(checkVimSpec(anySpec(shape)));
  checkNames(checkpoint, parameters);
  checkShapes(tensors, parameters, shape);

  const { patches, ...model } = shape;
  const spec = checkVimSpec({
    family: 'vim',
    ...model,
    ...resolveGrid(patches, shape.patchSize, options),
  });
  const weights = new Map<string, Tensor<Float32Array>>();
  for (const name of parameters.keys()) weights.set(name, checkFinite(name, tensors.get(name)!));
  const unused = [...tensors.keys()].flatMap((name) => {
    if (otherHead.test(name)) return leftOut(name, 'a head that this run does not use');
    return counter.test(name) ? leftOut(name, 'a counter of batches') : [];
  });
  return { spec, weights, ignored: [...checkpoint.ignored, ...unused] };
}

/** Some image with the right number of patches: the parameters are the same for all of them. */
function anySpec({ patches, ...model }: VimShape): VimSpec {
  return {
    family: 'vim',
    ...model,
    imageHeight: model.patchSize,
    imageWidth: patches - 1 + model.patchSize,
    stride: 1,
  };
}

function checkNames(checkpoint: Checkpoint, parameters: ReadonlyMap<string, readonly number[]>): void {
  const { tensors, integers } = checkpoint;
  const missing = [...parameters.keys()].filter((name) => !tensors.has(name));
  const extra = [...tensors.keys(), ...integers.keys()].filter(
    (name) => !parameters.has(name) && !otherHead.test(name) && !counter.test(name),
  );
  const problems: string[] = [];
  if (missing.length > 0) problems.push(`missing ${counted(missing)}`);
  if (extra.length > 0) problems.push(`extra ${counted(extra)}`);
  const stored = missing.filter((name) => integers.has(name));
  if (stored.length > 0) problems.push(`stored as integers ${counted(stored)}`);
  if (problems.length > 0) throw new UserError(`${problems.join('; ')}; is this another model's file?`);
}

function counted(names: readonly string[]): string {
  return `${names.length} tensor${names.length === 1 ? '' : 's'} (${listed(names)})`;
}

function checkShapes(
  tensors: Weights,
  parameters: ReadonlyMap<string, readonly number[]>,
  { width, depth, stateSize }: VimShape,
): void {
  const wrong: string[] = [];
  for (const [name, expected] of parameters) {
    const { shape } = tensors.get(name)!;
    if (!sameShape(shape, expected)) {
      wrong.push(`${quoted(name)} is [${shape.join(', ')}], needed is [${expected.join(', ')}]`);
    }
  }
  if (wrong.length === 0) return;
  const shown = wrong.slice(0, 10).join('; ') + (wrong.length > 10 ? `; and ${wrong.length - 10} more` : '');
  throw new UserError(
    `${shown}, in a Vim of width ${width}, depth ${depth}, state size ${stateSize}; is this another model's file?`,
  );
}

function checkFinite(name: string, tensor: Tensor<Float32Array>): Tensor<Float32Array> {
  const { data } = tensor;
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) {
      throw new UserError(
        `${quoted(name)} holds ${data[i]} at element ${i}; the weights are broken (a diverged training, or a value beyond float32)`,
      );
    }
  }
  return tensor;
}
