/** The detectors, segmenters and data sets that experiments name, and where they come from. */
import { readCheckpoint } from '@vssm/checkpoints';
import { sameShape, UserError } from '@vssm/core';
import {
  ade20kSampleDir,
  type CocoDataset,
  cocoSampleDir,
  type DenseDataset,
  type LabelMap,
  openAde20k,
  openCoco,
  type SizeLimits,
} from '@vssm/datasets';
import { segmentationRecipeOf } from '@vssm/families';
import {
  type DenseModelName,
  type DenseSpec,
  denseModels,
  denseParameterCount,
  denseTensors,
  randomDenseWeights,
} from '@vssm/vision-tasks';
import { loadDenseModel } from '@vssm/vision-tasks/checkpoint';
import type { DenseModel } from './evaluate.ts';
import { microLimits, microMaskRcnn, microUperNet } from './micro-models.ts';

export type DenseModelId = DenseModelName | 'micro-maskrcnn' | 'micro-upernet';
export type DenseDatasetId = 'coco' | 'ade20k' | 'coco-sample' | 'ade20k-sample';

/** Published names; the made-up pictures have one that no paper table has. */
export const denseDatasetNames: Readonly<Record<DenseDatasetId, string>> = {
  coco: 'COCO 2017',
  ade20k: 'ADE20K',
  'coco-sample': 'made-up pictures in the form of COCO 2017',
  'ade20k-sample': 'made-up pictures in the form of ADE20K',
};

interface BenchDenseModel {
  /** In print. */
  readonly name: string;
  readonly spec: DenseSpec;
  /** Where the public weights are, for people; null for models that are run with random weights. */
  readonly published: string | null;
}

export function benchDenseModel(id: DenseModelId): BenchDenseModel {
  if (id === 'micro-maskrcnn') return { name: 'micro Mask R-CNN', spec: microMaskRcnn, published: null };
  if (id === 'micro-upernet') return { name: 'micro UperNet', spec: microUperNet, published: null };
  const [family, size, head] = id.split('-');
  const spec = denseModels[id];
  if (family === 'vim') {
    const name = `Vim-${size === 'tiny' ? 'T' : 'S'} UperNet`;
    return { name, spec, published: 'none; train your own' };
  }
  const folder = head === 'upernet' ? `segmentation/${size}_upernet.pth` : `detection/${head}/${size}_1x.pth`;
  const heads: Readonly<Record<string, string>> = {
    upernet: 'UperNet',
    maskrcnn: 'Mask R-CNN',
    retinanet: 'RetinaNet',
  };
  return {
    name: `PlainMamba-${size.toUpperCase()} ${heads[head]}`,
    spec,
    published: `ChenhongyiYang/PlainMamba, ${folder}`,
  };
}

export type DenseData =
  | { readonly kind: 'coco'; readonly dataset: CocoDataset; readonly limits: SizeLimits | null }
  | {
      readonly kind: 'ade20k';
      readonly dataset: DenseDataset<LabelMap>;
      readonly limits: SizeLimits | null;
    };

export interface DenseSources {
  /** Null where there are no weights on this machine. */
  model(id: DenseModelId): Promise<DenseModel> | null;
  /** Null where nobody said where it lies. */
  dataset(id: DenseDatasetId, spec: DenseSpec): Promise<DenseData> | null;
}

/** What the user named. */
export interface DensePlaces {
  readonly coco?: string | undefined;
  readonly ade20k?: string | undefined;
  /** Checkpoints by model. */
  readonly checkpoints: ReadonlyMap<DenseModelName, string>;
}

export function denseSources({ coco, ade20k, checkpoints }: DensePlaces): DenseSources {
  return {
    model(id) {
      if (id === 'micro-maskrcnn' || id === 'micro-upernet') return Promise.resolve(randomModel(id));
      const file = checkpoints.get(id);
      return file === undefined ? null : readModel(id, file);
    },
    dataset(id, spec) {
      const sample = { limits: microLimits } as const;
      switch (id) {
        case 'coco':
          return coco === undefined ? null : openDetection(coco, spec, null);
        case 'ade20k':
          return ade20k === undefined ? null : openSegmentation(ade20k, spec, null);
        case 'coco-sample':
          return openDetection(cocoSampleDir, spec, sample.limits);
        case 'ade20k-sample':
          return openSegmentation(ade20kSampleDir, spec, sample.limits);
        default:
          throw id satisfies never;
      }
    },
  };
}

async function openDetection(
  dir: string,
  { kind }: DenseSpec,
  limits: SizeLimits | null,
): Promise<DenseData> {
  const options = { masks: kind === 'maskrcnn', ...(limits !== null && { limits }) };
  return { kind: 'coco', dataset: await openCoco(dir, options), limits };
}

async function openSegmentation(
  dir: string,
  { backbone }: DenseSpec,
  limits: SizeLimits | null,
): Promise<DenseData> {
  const recipe = segmentationRecipeOf(backbone.spec.family);
  const dataset = await openAde20k(dir, { recipe, ...(limits !== null && { limits }) });
  return { kind: 'ade20k', dataset, limits };
}

function randomModel(id: DenseModelId): DenseModel {
  const { name, spec } = benchDenseModel(id);
  const params = denseParameterCount(spec);
  const described = { name, kind: spec.kind, params, weights: { from: 'random', seed: 0 } } as const;
  return { spec, weights: randomDenseWeights(spec, 0), identity: { seed: 0 }, described };
}

async function readModel(id: DenseModelName, path: string): Promise<DenseModel> {
  const file = await readCheckpoint(path);
  const { spec, weights } = loadDenseModel(file);
  const expected = denseTensors(denseModels[id]);
  const other =
    spec.kind !== denseModels[id].kind ||
    [...expected].some(([name, shape]) => !sameShape(weights.get(name)?.shape ?? [], shape));
  if (other) throw new UserError(`checkpoint ${path} is not ${id}: its tensors have other shapes`);
  const { sha256 } = file;
  const described = {
    name: benchDenseModel(id).name,
    kind: spec.kind,
    params: denseParameterCount(spec),
    weights: { from: 'checkpoint', file: path.split(/[\\/]/).at(-1)!, sha256 },
  } as const;
  return { spec, weights, identity: { sha256 }, described };
}
