/** A checkpoint's tensors to a model of any family: its spec, and exactly the tensors that the spec asks for. */
import { basename } from 'node:path';
import { type Checkpoint, leftOut } from '@vssm/checkpoints';
import { type Tensor, UserError, type Weights } from '@vssm/core';
import type { FamilyEvidence, GridOptions } from '../family.ts';
import { checkSpec, modelTensors } from '../model.ts';
import { type ModelFamily, type ModelSpec, modelFamilies } from '../table.ts';
import { checkFinite } from './check.ts';
import { familyCheckpoints } from './table.ts';

export interface LoadOptions extends GridOptions {
  /** Whose weights they are, where tensors alone cannot tell; default: see loadModel. */
  readonly family?: ModelFamily;
}

export interface LoadedCheckpoint {
  readonly spec: ModelSpec;
  /** How the family was decided. */
  readonly familyFrom: FamilyEvidence;
  /** Every tensor of `modelTensors(spec)`, BatchNorm statistics included, in that order, and no other. */
  readonly weights: Weights;
  /** What of the file is not used, as `name: why`: the checkpoint's own list, and heads. */
  readonly ignored: readonly string[];
}

/**
 * Tells the family, infers the spec from names and shapes, and checks every tensor against it.
 *
 * What cannot be seen in the weights, for instance where the class token stands, is taken to be as in the family's
 * published models.
 *
 * @param options family, image size (pixels), grid and stride, where the weights do not tell; see the families' grid.ts
 * @throws UserError for another family's file; missing, extra or misshapen tensors, all listed; NaN and
 * infinity; an image size or grid that does not fit the position embedding
 */
export function loadModel(checkpoint: Checkpoint, options: LoadOptions = {}): LoadedCheckpoint {
  try {
    return load(checkpoint, options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`checkpoint ${checkpoint.path}: ${error.message}`, { cause: error });
  }
}

function load(checkpoint: Checkpoint, options: LoadOptions): LoadedCheckpoint {
  const { tensors } = checkpoint;
  const { family, familyFrom } = decideFamily(checkpoint, options.family);
  const { infer, unused } = familyCheckpoints[family];
  const spec = checkSpec<ModelSpec>(infer(checkpoint, options));
  const weights = new Map<string, Tensor<Float32Array>>();
  for (const name of modelTensors(spec).keys()) weights.set(name, checkFinite(name, tensors.get(name)!));
  const left = [...tensors.keys()].flatMap((name) =>
    weights.has(name) ? [] : leftOut(name, unused(name) ?? 'not used'),
  );
  return { spec, familyFrom, weights, ignored: [...checkpoint.ignored, ...left] };
}

/** A file that no family recognises is read as the first one's, whose list says what is missing. */
function decideFamily(
  { path, tensors, family: noted }: Checkpoint,
  asked: ModelFamily | undefined,
): { readonly family: ModelFamily; readonly familyFrom: FamilyEvidence } {
  if (asked !== undefined) return { family: asked, familyFrom: 'asked' };
  const answering = (answer: 'only' | 'maybe') =>
    modelFamilies.filter((family) => familyCheckpoints[family].recognises(tensors) === answer);
  const [only] = answering('only');
  if (only !== undefined) return { family: only, familyFrom: 'tensors' };
  const candidates = answering('maybe');
  if (candidates.length === 1) return { family: candidates[0], familyFrom: 'tensors' };
  const writers = candidates.find((family) => family === noted);
  if (writers !== undefined) return { family: writers, familyFrom: 'metadata' };
  const named = candidates.find((family) => familyCheckpoints[family].fileNames?.test(basename(path)));
  if (named !== undefined) return { family: named, familyFrom: 'file name' };
  return { family: candidates[0] ?? modelFamilies[0], familyFrom: 'default' };
}
