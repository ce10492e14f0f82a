/** The images that backends are compared on: the reference's few first, then more for the fast ones. */
import { uniformNumbers } from '@vssm/core';
import { type ImageDataset, stratifiedSample, titleOf } from '@vssm/datasets';
import type { ModelSpec } from '@vssm/families';
import type { ComparisonRecord } from '@vssm/results';
import { sampleSeed } from '../images.ts';

export interface ComparedImages {
  readonly dataset: ComparisonRecord['images']['dataset'];
  readonly ids: readonly string[];
  /** Stable index of each in its data set: what the `random` signal is drawn from. */
  readonly samples: readonly number[];
  /** Normalised pixels [C, H, W] of one of `samples`. */
  load(sample: number): Promise<Float32Array>;
}

/** Class-balanced, both the first `reference` and all of them. */
export function imagesOfDataset(dataset: ImageDataset, reference: number, all: number): ComparedImages {
  const first = stratifiedSample(dataset, reference, sampleSeed);
  const chosen = new Set(first);
  const more =
    all <= first.length ? [] : stratifiedSample(dataset, all, sampleSeed).filter((at) => !chosen.has(at));
  const indices = [...first, ...more];
  return {
    dataset: { name: titleOf(dataset), split: dataset.split, sha256: dataset.checksum },
    ids: indices.map((index) => dataset.samples[index].id),
    samples: indices,
    load: (index) => dataset.load(index),
  };
}

/** Noise of the size that a model takes, near -2 … 2 as normalised pixels are. */
export function madeUpImages(spec: ModelSpec, count: number): ComparedImages {
  const size = spec.inChannels * spec.imageHeight * spec.imageWidth;
  const places = Array.from({ length: count }, (_, place) => place);
  return {
    dataset: null,
    ids: places.map((place) => `noise ${place}`),
    samples: places,
    async load(sample) {
      const uniform = uniformNumbers(sample + 1);
      return Float32Array.from({ length: size }, () => (uniform() - 0.5) * 4);
    },
  };
}
