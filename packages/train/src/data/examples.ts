/** What a training run learns from, whatever it is: pictures with the answers that are asked for, in a seeded order. */
import { counted, UserError } from '@vssm/core';
import {
  type ImageDataset,
  type LabelMap,
  type Normalisation,
  normalise,
  type VisionDataset,
} from '@vssm/datasets';
import type { Recipe } from '../recipe/recipe.ts';
import { smoothedTarget } from '../reference/layers.ts';
import { trainingInput } from '../table.ts';
import { backboneOf, type TrainedSpec } from '../trained-spec.ts';
import { type Move, moved, moveOf } from './moves.ts';
import { chosenImages, chosenScenes } from './training-images.ts';

export interface Example {
  /** As the engine reads it. */
  readonly input: Float32Array;
  /** [answers, classes]: distributions, and zeros where no answer is known. */
  readonly targets: Float32Array;
  /** [answers]: classes, -1 where none is known. */
  readonly labels: ArrayLike<number>;
}

export interface Examples {
  /** Tells data sets apart, as a run's identity has it. */
  readonly identity: { readonly name: string; readonly split: string; readonly checksum: string };
  readonly classes: readonly string[];
  /** Indices: all, or so many, the same ones whatever the seed. */
  chosen(images: number): readonly number[];
  /** @throws UserError naming what cannot be read */
  read(spec: TrainedSpec, recipe: Recipe, epoch: number, index: number): Promise<Example>;
}

/** Pictures with a class each. */
export function imageExamples(dataset: ImageDataset, normalisation: Normalisation): Examples {
  const { name, split, checksum, classes, samples } = dataset;
  return {
    identity: { name, split, checksum },
    classes,
    chosen: (images) => chosenImages(dataset, images),
    async read(spec, recipe, epoch, index) {
      const backbone = backboneOf(spec);
      const picture = moved(await dataset.preview(index), moveOf(recipe, epoch, index));
      const { label } = samples[index];
      return {
        input: trainingInput(backbone, normalise(picture, normalisation)),
        targets: smoothedTarget(label, backbone.classes, recipe.labelSmoothing),
        labels: [label],
      };
    },
  };
}

/** Pictures with a class for every pixel; labels as in ADE20K, 0 for none and classes from 1. */
export function sceneExamples(dataset: VisionDataset<LabelMap>, normalisation: Normalisation): Examples {
  const { name, split, checksum, classes, samples } = dataset;
  return {
    identity: { name, split, checksum },
    classes,
    chosen: (images) => chosenScenes(samples.length, images),
    async read(spec, recipe, epoch, index) {
      const [picture, map] = await Promise.all([dataset.preview(index), dataset.truth(index)]);
      checkSizes(samples[index].id, spec, picture, map);
      const move = moveOf(recipe, epoch, index);
      const labels = movedLabels(map, move);
      return {
        input: trainingInput(backboneOf(spec), normalise(moved(picture, move), normalisation)),
        targets: pixelTargets(labels, classes.length, recipe.labelSmoothing),
        labels,
      };
    },
  };
}

/** What comes in from beyond the border has no label. */
function movedLabels({ height, width, labels }: LabelMap, move: Move): Int16Array {
  const stored = moved({ height, width, data: Uint8Array.from(labels) }, move).data;
  return Int16Array.from(stored, (label) => (label === 255 ? -1 : label - 1));
}

function pixelTargets(labels: Int16Array, classes: number, smoothing: number): Float32Array {
  const targets = new Float32Array(labels.length * classes);
  const byLabel = Array.from({ length: classes }, (_, label) => smoothedTarget(label, classes, smoothing));
  for (const [pixel, label] of labels.entries()) if (label >= 0) targets.set(byLabel[label], pixel * classes);
  return targets;
}

interface Size {
  readonly height: number;
  readonly width: number;
}

/** Training compares pixel by pixel: neither the picture nor its labels are scaled. */
function checkSizes(id: string, spec: TrainedSpec, picture: Size, map: Size): void {
  const { imageHeight, imageWidth } = backboneOf(spec);
  const fits = [picture, map].every(({ height, width }) => height === imageHeight && width === imageWidth);
  if (fits) return;
  throw new UserError(
    `image ${id}: is ${map.height}x${map.width} and enters as ${picture.height}x${picture.width}, the model learns from ` +
      `${counted(imageHeight, 'row')} of ${imageWidth}; give images of one size, and that one`,
  );
}
