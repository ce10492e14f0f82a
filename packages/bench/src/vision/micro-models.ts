/**
 * The smallest detector and segmenter with the real data sets' classes, for smoke runs on the made-up samples: with
 * random weights they show that everything runs, and nothing else.
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
