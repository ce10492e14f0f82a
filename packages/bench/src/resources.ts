/** Models and data sets of one run: opened when a row first needs them, shared by all rows, closed together. */
import { UserError, type Weights } from '@vssm/core';
import type { ImageDataset, RecipeName } from '@vssm/datasets';
import { type ModelSpec, parameterCount, randomWeights } from '@vssm/families';
import type { AccuracyRecord } from '@vssm/results';
import type { DatasetId } from './dataset-names.ts';
import type { DatasetSource } from './datasets.ts';
import { benchModels, type ModelId, type ModelSource } from './models.ts';
import type { VisionModel } from './vision/evaluate.ts';
import { type VisionData, type VisionSources, visionSources } from './vision/models.ts';

export interface ReadyModel {
  readonly id: ModelId;
  readonly spec: ModelSpec;
  /** As results describe it. */
  readonly described: AccuracyRecord['model'];
  weights(): Weights;
}

export interface Sources {
  readonly models: ModelSource;
  readonly datasets: Readonly<Record<DatasetId, DatasetSource>>;
  /** Detectors and segmenters; default: what is embedded. */
  readonly vision?: VisionSources;
}

/** Seed of random weights. */
export const randomWeightsSeed = 0;

export class Resources {
  readonly #sources: Sources;
  readonly #models = new Map<ModelId, Promise<ReadyModel | null>>();
  readonly #visionModels = new Map<string, Promise<VisionModel> | null>();
  readonly #visionData = new Map<string, Promise<VisionData> | null>();
  readonly #datasets = new Map<string, Promise<ImageDataset | null>>();

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** With trained weights; null where there are none. */
  trained(id: ModelId): Promise<ReadyModel | null> {
    return remembered(this.#models, id, async () => {
      const found = await this.#sources.models(id);
      if (found === null) return null;
      const { spec, weights, file, sha256, familyFrom } = found;
      return ready(id, spec, { from: 'checkpoint', file, sha256, familyFrom }, () => weights);
    });
  }

  /** With random weights, made anew on each call of `weights()`. */
  random(id: ModelId): ReadyModel {
    const { spec } = benchModels[id];
    if (spec === null) throw new UserError(`model ${id}: only its checkpoint says how large it is`);
    return ready(id, spec, { from: 'random', seed: randomWeightsSeed }, () =>
      randomWeights(spec, randomWeightsSeed),
    );
  }

  /** @param recipe that pictures pass through, where the data set leaves a choice */
  dataset(id: DatasetId, recipe: RecipeName): Promise<ImageDataset | null> {
    return remembered(this.#datasets, `${id} ${recipe}`, async () => this.#sources.datasets[id](recipe));
  }

  /** Models and data of detection and segmentation, each opened once. */
  get vision(): VisionSources {
    const { vision = visionSources({ checkpoints: new Map() }) } = this.#sources;
    return {
      model: (id) => remembered(this.#visionModels, id, () => vision.model(id)),
      dataset: (id, spec) =>
        remembered(this.#visionData, `${id} ${spec.kind} ${spec.backbone.spec.family}`, () =>
          vision.dataset(id, spec),
        ),
    };
  }

  async close(): Promise<void> {
    for (const opened of this.#visionData.values()) {
      const data = await opened?.catch(() => null);
      await data?.dataset.close();
    }
    for (const opened of this.#datasets.values()) {
      const dataset = await opened.catch(() => null);
      await dataset?.close();
    }
  }
}

function ready(
  id: ModelId,
  spec: ModelSpec,
  origin: AccuracyRecord['model']['weights'],
  weights: () => Weights,
): ReadyModel {
  const name = benchModels[id].name;
  const described = { name, spec: { ...spec }, params: parameterCount(spec), weights: origin };
  return { id, spec, described, weights };
}

function remembered<K, V>(cache: Map<K, V>, key: K, make: () => V): V {
  let found = cache.get(key);
  if (found === undefined) {
    found = make();
    cache.set(key, found);
  }
  return found;
}
