/** A checkpoint's tensors to a segmenter or a detector: its spec, and exactly the tensors that the spec asks for. */
import { type Checkpoint, leftOut } from '@vssm/checkpoints';
import { counted, type Tensor, UserError, type Weights } from '@vssm/core';
import { checkFinite, checkNames, isBatchCounter } from '@vssm/families/checkpoint';
import { inferVisionSpec } from '../model/infer.ts';
import { visionTensors } from '../model/parameters.ts';
import type { VisionSpec } from '../model/spec.ts';

export interface LoadedVisionCheckpoint {
  /** At upstream's input size; see core's `withInputSize`. */
  readonly spec: VisionSpec;
  /** Every tensor of `visionTensors(spec)`, in that order, and no other. */
  readonly weights: Weights;
  /** Names of the classes that the model tells apart, in its order; undefined where the file does not list them. */
  readonly classes: readonly string[] | undefined;
  /** What of the file is not used, as `name: why`. */
  readonly ignored: readonly string[];
}

/**
 * A checkpoint in mmdet's or mmseg's names: UperNet on PlainMamba or Vim, Mask R-CNN or RetinaNet on the
 * PlainMamba-Adapter. What shapes cannot tell is upstream's choice, see core's `inferVisionSpec`.
 *
 * @throws UserError naming the file: a classifier, another model, missing, extra or misshapen tensors, NaN and
 * infinity, a list of classes of another length than the head
 */
export function loadVisionModel(checkpoint: Checkpoint): LoadedVisionCheckpoint {
  try {
    return load(checkpoint);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`checkpoint ${checkpoint.path}: ${error.message}`, { cause: error });
  }
}

function load(checkpoint: Checkpoint): LoadedVisionCheckpoint {
  const { tensors, classes } = checkpoint;
  refuseClassifier(tensors);
  const spec = inferVisionSpec(new Map([...tensors].map(([name, { shape }]) => [name, shape])));
  const expected = visionTensors(spec);
  checkNames(checkpoint, expected, isBatchCounter);
  const count = visionClasses(spec);
  if (classes !== undefined && classes.length !== count) {
    throw new UserError(
      `lists ${counted(classes.length, 'class', 'classes')}, but its head tells ${count} apart`,
    );
  }
  const weights = new Map<string, Tensor<Float32Array>>();
  for (const name of expected.keys()) weights.set(name, checkFinite(name, tensors.get(name)!));
  const unused = [...tensors.keys()].filter((name) => !weights.has(name));
  return {
    spec,
    weights,
    classes,
    ignored: [...checkpoint.ignored, ...unused.map((name) => leftOut(name, 'a counter of batches'))],
  };
}

/** Classes that a model tells apart, the background not counted. */
export function visionClasses(spec: VisionSpec): number {
  return spec.kind === 'upernet' ? spec.head.classes : spec.classes;
}

const classifierHeads = ['head.fc.weight', 'head.weight'];

function refuseClassifier(tensors: Weights): void {
  const head = classifierHeads.find((name) => tensors.has(name));
  const dense = [...tensors.keys()].some((name) => /^(decode_head|roi_head|bbox_head)\./.test(name));
  if (head !== undefined && !dense) {
    throw new UserError(
      `is a classifier (it has "${head}"), not a detector or segmenter; vssm eval takes it`,
    );
  }
}
