/** The stages as files; what they compute is tested by the backend that runs them. */
import { plainMambaSpec } from '@vssm/families';
import { decodeModel } from '@vssm/graph';
import { describe, expect, it } from 'vitest';
import { randomVisionWeights } from '../model/random-weights.ts';
import { type UperNetSpec, visionModels, withInputSize } from '../model/spec.ts';
import {
  adapterMapsStage,
  boxHeadStage,
  extractorStage,
  featurePyramidStage,
  injectorStage,
  maskHeadStage,
  proposalStage,
  retinaStage,
  spatialPriorStage,
  uperHeadInputs,
  uperHeadStage,
  visionNames,
} from './index.ts';

const backbone = plainMambaSpec({ width: 24, depth: 4, stemConvs: 1, imageHeight: 96, imageWidth: 128 });
const adapter = { ...visionModels['plainmamba-l1-maskrcnn'].backbone, spec: backbone, stemWidth: 8 };
const small = {
  backbone: { ...adapter, interactions: [0, 1, 2, 3].map((layer) => [layer, layer] as const) },
  channels: 16,
};
const maskRcnn = { ...visionModels['plainmamba-l1-maskrcnn'], ...small, boxFeatures: 32, classes: 7 };
const retina = { ...visionModels['plainmamba-l1-retinanet'], ...small, classes: 7 };
const published = visionModels['plainmamba-l1-upernet'];
const uperNet: UperNetSpec = {
  ...published,
  backbone: { family: 'plainmamba', spec: backbone, taps: [0, 1, 2, 3] },
  head: { ...published.head, channels: 16 },
};

describe('a stage of one size serves every other', () => {
  const weights = randomVisionWeights(maskRcnn);
  const retinaWeights = randomVisionWeights(retina);
  const uperWeights = randomVisionWeights(uperNet);
  const sized = (height: number, width: number) => withInputSize(maskRcnn, height, width);
  const retinaSized = (height: number, width: number) => withInputSize(retina, height, width);
  const stages: [string, (height: number, width: number) => Uint8Array][] = [
    ['spatial prior', (h, w) => spatialPriorStage(sized(h, w).backbone, weights)],
    ['injector', (h, w) => injectorStage(sized(h, w).backbone, weights, 1)],
    ['extractor', (h, w) => extractorStage(sized(h, w).backbone, weights, 3)],
    ['maps', (h, w) => adapterMapsStage(sized(h, w).backbone, weights)],
    ["Mask R-CNN's pyramid", (h, w) => featurePyramidStage(sized(h, w), weights)],
    ["RetinaNet's pyramid", (h, w) => featurePyramidStage(retinaSized(h, w), retinaWeights)],
    ['proposals', (h, w) => proposalStage(sized(h, w), weights)],
    ["RetinaNet's head", (h, w) => retinaStage(retinaSized(h, w), retinaWeights)],
    ['box head', (h, w) => boxHeadStage(sized(h, w), weights)],
    ['mask head', (h, w) => maskHeadStage(sized(h, w), weights)],
    ['UPerHead', (h, w) => uperHeadStage(withInputSize(uperNet, h, w), uperWeights)],
  ];

  it.each(stages)('%s', (_, stage) => {
    expect(stage(96, 128)).toEqual(stage(160, 64));
  });

  it("UPerHead's inputs carry the size", () => {
    expect(uperHeadInputs(withInputSize(uperNet, 96, 128)).grid).toEqual([6, 8]);
    expect(uperHeadInputs(withInputSize(uperNet, 70, 200)).grid).toEqual([5, 13]);
  });
});

it('the shares of a pooling bin add up to one', () => {
  const { data, shape } = uperHeadInputs(uperNet).pooling;
  expect(shape).toEqual([48, 50]);
  for (let bin = 0; bin < 50; bin++) {
    const sum = Array.from({ length: 48 }, (_, cell) => data[cell * 50 + bin]).reduce((a, b) => a + b, 0);
    expect(sum).toBeCloseTo(1, 6);
  }
});

it('heads on regions stay within the operators that ONNX Runtime has', () => {
  const { opset_import: opsets, graph } = decodeModel(boxHeadStage(maskRcnn, randomVisionWeights(maskRcnn)));
  expect(opsets.map(({ version }) => version)).toEqual([21]);
  expect(graph.node.filter(({ op_type: type }) => type === 'RoiAlign').length).toBe(4);
  expect(graph.output.map(({ name }) => name)).toEqual([visionNames.regionScores, visionNames.regionDeltas]);
});
