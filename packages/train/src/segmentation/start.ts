/** What the training of a segmenter begins with: a classifier's backbone under heads of random weights. */
import { float32, type Tensor, UserError, type Weights } from '@vssm/core';
import {
  type ModelSpec,
  type PlainMambaSpec,
  plainMambaGrid,
  plainMambaPositionEmbedding,
} from '@vssm/families';
import { randomVisionWeights, type UperNetSpec, visionModels, visionTensors } from '@vssm/vision-tasks';

export interface SegmenterShape {
  readonly classes: number;
  /** Of every level and of the fused map. */
  readonly channels: number;
  /** Of the pictures, pixels. */
  readonly height: number;
  readonly width: number;
}

/** Channels of the pictures that segmenters read. */
const colours = 3;

/**
 * An UperNet whose taps are at the ends of the backbone's quarters.
 *
 * @param own of the classifier whose backbone it gets
 * @throws UserError for another family than PlainMamba, a depth that has no quarters, and pictures that are not square
 */
export function segmenterSpec(
  own: ModelSpec,
  { classes, channels, height, width }: SegmenterShape,
): UperNetSpec {
  if (own.family !== 'plainmamba') {
    throw new UserError(
      `--backbone: is a ${own.family}; segmenters are trained on plainmamba, so give a checkpoint of one`,
    );
  }
  if (height !== width) {
    // A file says nothing of its position embedding's sides, and whoever reads it takes a square.
    throw new UserError(
      `scenes of ${height}x${width}: a segmenter is trained on square ones; cut or pad them`,
    );
  }
  if (own.depth % 4 !== 0) {
    throw new UserError(
      `--backbone: has ${own.depth} layers; a segmenter reads it after each quarter, so take a multiple of 4`,
    );
  }
  const sized: PlainMambaSpec = { ...own, imageHeight: height, imageWidth: width };
  const grid = plainMambaGrid(sized);
  const { test, head, backbone: published } = visionModels['plainmamba-l1-upernet'];
  return {
    kind: 'upernet',
    backbone: {
      family: 'plainmamba',
      spec: {
        ...sized,
        inChannels: colours,
        positionRows: grid.height,
        positionColumns: grid.width,
        // The classifier's own are gone, and a file says nothing of them.
        classes: published.spec.classes,
      },
      taps: [1, 2, 3, 4].map((quarter) => (quarter * own.depth) / 4 - 1),
    },
    head: { ...head, channels, classes },
    auxiliary: { tap: 3, channels },
    test,
  };
}

/**
 * The same with weights: the position embedding is resized to the new grid as inference would do it; the stem of a model
 * of grey pictures reads the mean of three colours.
 *
 * @param seed of the heads
 * @throws UserError as segmenterSpec
 */
export function segmenterOn(
  { spec: own, weights }: { readonly spec: ModelSpec; readonly weights: Weights },
  shape: SegmenterShape,
  seed: number,
): { readonly spec: UperNetSpec; readonly weights: Weights } {
  const spec = segmenterSpec(own, shape);
  const { imageHeight, imageWidth } = spec.backbone.spec;
  const sized = { ...(own as PlainMambaSpec), imageHeight, imageWidth };
  const fresh = randomVisionWeights(spec, seed);
  const taken = new Map<string, Tensor<Float32Array>>();
  for (const [name, sides] of visionTensors(spec)) {
    const given = weights.get(name);
    if (given === undefined) taken.set(name, fresh.get(name)!);
    else if (name === 'backbone.pos_embed') {
      taken.set(name, float32(sides, Float32Array.from(plainMambaPositionEmbedding(sized, given.data))));
    } else if (name === 'backbone.patch_embed.stem.0.weight') {
      taken.set(name, float32(sides, spreadOver(given.data, own.inChannels)));
    } else taken.set(name, given);
  }
  return { spec, weights: taken };
}

/** A convolution's weight [outputs, inputs, 7, 7] for three inputs that replace one, each a third of it. */
function spreadOver(weight: Float32Array, inputs: number): Float32Array {
  if (inputs === colours) return weight;
  const taps = 7 ** 2;
  return Float32Array.from({ length: colours * weight.length }, (_, at) => {
    const output = Math.floor(at / (colours * taps));
    return weight[output * taps + (at % taps)] / colours;
  });
}
