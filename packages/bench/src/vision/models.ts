/** The detectors, segmenters and data sets that experiments name, and where they come from. */
import { fileURLToPath } from 'node:url';
import { readCheckpoint } from '@vssm/checkpoints';
import { sameShape, UserError } from '@vssm/core';
import {
  ade20kSampleDir,
  type CocoDataset,
  cocoSampleDir,
  fashionScenesDir,
  type LabelMap,
  openAde20k,
  openCoco,
  type SizeLimits,
  type VisionDataset,
} from '@vssm/datasets';
import { segmentationRecipeOf } from '@vssm/families';
import type { VisionRecord } from '@vssm/results';
import {
  inputSize,
  randomVisionWeights,
  type VisionModelName,
  type VisionSpec,
  visionModels,
  visionParameterCount,
  visionTensors,
  withInputSize,
} from '@vssm/vision-tasks';
import { loadVisionModel } from '@vssm/vision-tasks/checkpoint';
import type { VisionModel } from './evaluate.ts';
import { microLimits, microMaskRcnn, microUperNet, nanoLimits, nanoUperNet } from './micro-models.ts';

export type VisionModelId = VisionModelName | 'micro-maskrcnn' | 'micro-upernet' | 'upernet-nano';
export type VisionDatasetId = 'coco' | 'ade20k' | 'coco-sample' | 'ade20k-sample' | 'fashion-scenes';

/** Published names; made-up pictures have one that no paper table has. */
export const visionDatasetNames: Readonly<Record<VisionDatasetId, string>> = {
  coco: 'COCO 2017',
  ade20k: 'ADE20K',
  'coco-sample': 'made-up pictures in the form of COCO 2017',
  'ade20k-sample': 'made-up pictures in the form of ADE20K',
  'fashion-scenes': 'Scenes of Fashion-MNIST',
};

/** Trained by this project, see datasets/fashion-scenes. */
const nanoFile = fileURLToPath(
  new URL('../../../../datasets/fashion-scenes/upernet-nano.safetensors', import.meta.url),
);

interface BenchVisionModel {
  /** In print. */
  readonly name: string;
  readonly spec: VisionSpec;
  /** Where the public weights are, for people; null for models that are run with random weights. */
  readonly published: string | null;
}

/**
 * Name, spec and where public weights are, `none` where there are none; null for made-up models, which need none.
 */
export function benchVisionModel(id: VisionModelId): BenchVisionModel {
  if (id === 'micro-maskrcnn') return { name: 'micro Mask R-CNN', spec: microMaskRcnn, published: null };
  if (id === 'micro-upernet') return { name: 'micro UperNet', spec: microUperNet, published: null };
  if (id === 'upernet-nano') return { name: 'UperNet-nano (scenes)', spec: nanoUperNet, published: null };
  const [family, size, head] = id.split('-');
  const spec = visionModels[id];
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

export type VisionData =
  | { readonly kind: 'coco'; readonly dataset: CocoDataset; readonly limits: SizeLimits | null }
  | {
      readonly kind: 'ade20k';
      readonly dataset: VisionDataset<LabelMap>;
      readonly limits: SizeLimits | null;
    };

export interface VisionSources {
  /** Null where there are no weights on this machine. */
  model(id: VisionModelId): Promise<VisionModel> | null;
  /** Null where nobody said where it lies. */
  dataset(id: VisionDatasetId, spec: VisionSpec): Promise<VisionData> | null;
}

/** What the user named. */
export interface VisionPlaces {
  readonly coco?: string | undefined;
  readonly ade20k?: string | undefined;
  /** Checkpoints by model. */
  readonly checkpoints: ReadonlyMap<VisionModelName, string>;
}

/** Opens what the places name; null for a model or a data set that no place is given for. */
export function visionSources({ coco, ade20k, checkpoints }: VisionPlaces): VisionSources {
  return {
    model(id) {
      if (id === 'micro-maskrcnn' || id === 'micro-upernet') return Promise.resolve(randomModel(id));
      if (id === 'upernet-nano') return readModel(id, nanoFile);
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
        case 'fashion-scenes':
          return openSegmentation(fashionScenesDir, spec, nanoLimits);
        default:
          throw id satisfies never;
      }
    },
  };
}

async function openDetection(
  dir: string,
  { kind }: VisionSpec,
  limits: SizeLimits | null,
): Promise<VisionData> {
  const options = { masks: kind === 'maskrcnn', ...(limits !== null && { limits }) };
  return { kind: 'coco', dataset: await openCoco(dir, options), limits };
}

async function openSegmentation(
  dir: string,
  { backbone }: VisionSpec,
  limits: SizeLimits | null,
): Promise<VisionData> {
  const recipe = segmentationRecipeOf(backbone.spec.family);
  const dataset = await openAde20k(dir, { recipe, ...(limits !== null && { limits }) });
  return { kind: 'ade20k', dataset, limits };
}

/** As results describe it. */
export function describedVisionModel(
  name: string,
  spec: VisionSpec,
  weights: VisionRecord['model']['weights'],
): VisionRecord['model'] {
  const { family } = spec.backbone.spec;
  return { name, kind: spec.kind, backbone: { family }, params: visionParameterCount(spec), weights };
}

function randomModel(id: VisionModelId): VisionModel {
  const { name, spec } = benchVisionModel(id);
  const described = describedVisionModel(name, spec, { from: 'random', seed: 0 });
  return { spec, weights: randomVisionWeights(spec, 0), identity: { seed: 0 }, described };
}

async function readModel(id: Exclude<VisionModelId, `micro-${string}`>, path: string): Promise<VisionModel> {
  const file = await readCheckpoint(path);
  const { spec: found, weights } = loadVisionModel(file);
  const { name, spec: own } = benchVisionModel(id);
  const { height, width } = inputSize(own);
  const spec = withInputSize(found, height, width);
  const expected = visionTensors(own);
  const other =
    spec.kind !== own.kind ||
    [...expected].some(([name, shape]) => !sameShape(weights.get(name)?.shape ?? [], shape));
  if (other) throw new UserError(`checkpoint ${path} is not ${id}: its tensors have other shapes`);
  const { sha256 } = file;
  const origin = { from: 'checkpoint', file: path.split(/[\\/]/).at(-1)!, sha256 } as const;
  const described = describedVisionModel(name, spec, origin);
  return { spec, weights, identity: { sha256 }, described };
}
