/**
 * Small detectors and segmenters. With the real data sets' classes, for smoke runs on the made-up samples: with random
 * weights they show that everything runs, and nothing else. And the one that was trained here.
 */

import { plainMambaSpec } from '@vssm/families';
import { type MaskRcnnSpec, type UperNetSpec, visionModels } from '@vssm/vision-tasks';

const backbone = plainMambaSpec({
  ...{ width: 24, depth: 4, stemConvs: 1, stemWidth: 16, depthwiseLayers: [0] },
  ...{ positionRows: 4, positionColumns: 4 },
});
const { 'plainmamba-l1-maskrcnn': maskRcnn, 'plainmamba-l1-upernet': uperNet } = visionModels;

export const microMaskRcnn: MaskRcnnSpec = {
  ...maskRcnn,
  backbone: {
    ...maskRcnn.backbone,
    spec: { ...backbone, imageHeight: 96, imageWidth: 128 },
    stemWidth: 8,
    interactions: [0, 1, 2, 3].map((layer) => [layer, layer] as const),
  },
  channels: 16,
  boxFeatures: 32,
  proposals: { ...maskRcnn.proposals, perLevel: 100, perImage: 100 },
};

export const microUperNet: UperNetSpec = {
  ...uperNet,
  backbone: {
    family: 'plainmamba',
    spec: { ...backbone, imageHeight: 96, imageWidth: 128 },
    taps: [0, 1, 2, 3],
  },
  head: { ...uperNet.head, channels: 16 },
  auxiliary: { ...uperNet.auxiliary, channels: 8 },
};

/** Sides of the images that they are run on, pixels. */
export const microLimits = { long: 128, short: 96 } as const;

/** What datasets/fashion-scenes/upernet-nano.safetensors holds, at the size of its scenes. */
export const nanoUperNet: UperNetSpec = {
  ...uperNet,
  backbone: {
    family: 'plainmamba',
    spec: {
      ...plainMambaSpec({
        ...{ width: 48, depth: 8, stateSize: 8, patchSize: 4, stemConvs: 1, stemWidth: 32 },
        ...{ positionRows: 16, positionColumns: 16 },
      }),
      ...{ imageHeight: 64, imageWidth: 64 },
    },
    taps: [1, 3, 5, 7],
  },
  head: { ...uperNet.head, channels: 32, classes: 11 },
  auxiliary: { tap: 3, channels: 32 },
};

/** Its scenes stay as they are. */
export const nanoLimits = { long: 64, short: 64 } as const;
