/** What can be trained: a classifier, or a segmenter on the same backbone; and which tensors each of them has. */
import { type ModelSpec, modelParameters, modelTensors, type TrainableSpec } from '@vssm/families';
import { type UperNetSpec, visionParameters, visionTensors } from '@vssm/vision-tasks';

/** Of a classifier, or of a segmenter at the size of its input. */
export type TrainedSpec = TrainableSpec | UperNetSpec;

/** Whether it is no classifier. */
export function isSegmenter(spec: ModelSpec | UperNetSpec): spec is UperNetSpec {
  return 'kind' in spec;
}

/** What comes before the head. */
export function backboneOf(spec: TrainedSpec): TrainableSpec {
  return isSegmenter(spec) ? spec.backbone.spec : spec;
}

type Shapes = ReadonlyMap<string, readonly number[]>;

/** Every tensor by upstream's name, and those of them that have gradients: the others are statistics. */
export function tensorsOf(spec: ModelSpec | UperNetSpec): {
  readonly all: Shapes;
  readonly parameters: Shapes;
} {
  return isSegmenter(spec)
    ? { all: visionTensors(spec), parameters: visionParameters(spec) }
    : { all: modelTensors(spec), parameters: modelParameters(spec) };
}
