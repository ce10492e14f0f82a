/** The float64 reference of the detectors' networks against their golden data, stage by stage. */
import { pruningPlan } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { visionReference } from './model/index.ts';
import { visionTensors } from './model/parameters.ts';
import { expectClose, mapOf, parameterOf } from './test-support/expect-close.ts';
import {
  goldenRetinaNet,
  goldenVision,
  maskRcnnMicro,
  retinaNetMicro,
  stored,
  storedIntegers,
} from './test-support/golden.ts';

const {
  adapterBackbone,
  boxHead,
  featurePyramid,
  maskHead,
  plainMambaBlocks,
  proposalHead,
  retinaHead,
  roiAlign,
} = visionReference;

const plan = pruningPlan({ schedule: [] });
const levels = [0, 1, 2, 3, 4];

const golden = await goldenVision('det_mask_rcnn');
const retina = await goldenRetinaNet();

const shapesOf = ({ weights }: typeof golden) =>
  new Map([...weights].map(([name, { shape }]) => [name, shape]));

it('the specs list the tensors of the files', () => {
  expect(shapesOf(golden)).toEqual(visionTensors(maskRcnnMicro));
  expect(shapesOf(retina)).toEqual(visionTensors(retinaNetMicro));
});

describe('PlainMamba-Adapter (D1)', () => {
  const parameter = parameterOf(golden.weights);
  const seen = new Map<string, Float64Array>();
  const observe = (name: string, value: Float64Array) => seen.set(name, value);
  const adapter = maskRcnnMicro.backbone;
  const maps = adapterBackbone(
    { parameter, plan, sample: 0, observe },
    adapter,
    plainMambaBlocks(adapter.spec, parameter, 'decay', observe),
    mapOf(golden, 'input'),
  );

  it('every stage', () => {
    const names = [...golden.tensors.keys()].filter((name) =>
      /^(spm\.|c_cat|patch_tokens|tokens_pos|inter\d|up_c2)/.test(name),
    );
    expect(names.length).toBe(35);
    for (const name of names) {
      const value = seen.get(name);
      expect(value, `${name} is observed`).toBeDefined();
      expectClose(value!, stored(golden, name), name);
    }
  });

  it('the four maps', () => {
    for (const [i, map] of maps.entries()) expectClose(map.values, stored(golden, `f${i + 1}`), `f${i + 1}`);
  });
});

describe('Mask R-CNN (D1)', () => {
  const parameter = parameterOf(golden.weights);
  const pyramid = levels.map((level) => mapOf(golden, `fpn.p${level}`));

  it('feature pyramid', () => {
    const seen = new Map<string, Float64Array>();
    const maps = [1, 2, 3, 4].map((i) => mapOf(golden, `f${i}`));
    const outputs = featurePyramid(parameter, maskRcnnMicro, maps, (name, value) => seen.set(name, value));
    for (const level of levels) {
      expectClose(outputs[level].values, stored(golden, `fpn.p${level}`), `p${level}`);
      if (level === 4) continue;
      const name = `lateral${level}_before_topdown`;
      expectClose(seen.get(name)!, stored(golden, `fpn.${name}`), name);
    }
  });

  it.each(levels)('proposal network on level %i', (level) => {
    const { scores, deltas } = proposalHead(parameter, pyramid[level]);
    expectClose(scores.values, stored(golden, `rpn.cls${level}`), 'scores');
    expectClose(deltas.values, stored(golden, `rpn.reg${level}`), 'deltas');
  });

  it('RoIAlign: regions of all levels, on their borders, outside the image, without width', () => {
    const rois = stored(golden, 'roi_unit.rois');
    const own = storedIntegers(golden, 'roi_unit.levels');
    const features = own.flatMap((level, i) => [
      ...roiAlign(pyramid[level], rois.subarray(5 * i + 1, 5 * i + 5), 4 * 2 ** level, 7).values,
    ]);
    expectClose(features, stored(golden, 'roi_unit.feats'), 'features');
  });

  it('box head', () => {
    const proposals = stored(golden, 'rpn.proposals');
    const own = storedIntegers(golden, 'rcnn.roi_levels');
    const all = { features: [] as number[], input: [] as number[], hidden: [] as number[] };
    const outputs = { scores: [] as number[], deltas: [] as number[] };
    for (const [i, level] of own.entries()) {
      const box = proposals.subarray(5 * i, 5 * i + 4);
      const region = roiAlign(pyramid[level], box, 4 * 2 ** level, 7);
      if (i < 20) all.features.push(...region.values);
      const { scores, deltas } = boxHead(parameter, maskRcnnMicro, region, (name, value) => {
        if (name === 'fc_in' && i < 10) all.input.push(...value);
        if (name === 'fc_out_prerelu') all.hidden.push(...value);
      });
      outputs.scores.push(...scores);
      outputs.deltas.push(...deltas);
    }
    expectClose(all.features, stored(golden, 'rcnn.roi_feats_first20'), 'features');
    expectClose(all.input, stored(golden, 'rcnn.fc_in_first10'), 'input of the connected layer');
    expectClose(all.hidden, stored(golden, 'rcnn.fc_out_prerelu'), 'connected layer');
    expectClose(outputs.scores, stored(golden, 'rcnn.cls_score'), 'scores');
    expectClose(outputs.deltas, stored(golden, 'rcnn.bbox_pred'), 'deltas');
  });

  it('mask head', () => {
    const boxes = stored(golden, 'mask.boxes_input_scale');
    const own = storedIntegers(golden, 'mask.roi_levels');
    const labels = storedIntegers(golden, 'det.labels');
    const upsampled: Float64Array[] = [];
    const logits = labels.slice(0, 50).map((_, i) => {
      const level = own[i];
      const region = roiAlign(pyramid[level], boxes.subarray(4 * i, 4 * i + 4), 4 * 2 ** level, 14);
      if (i < 4) {
        const expected = stored(golden, 'mask.roi_feats_first4');
        expectClose(
          region.values,
          expected.subarray((i * expected.length) / 4, ((i + 1) * expected.length) / 4),
          'features',
        );
      }
      return maskHead(parameter, region, (_, value) => upsampled.push(value)).values;
    });
    expectClose(upsampled[0], stored(golden, 'mask.upsample_first1'), 'upsampled');
    expectClose([...logits[0], ...logits[1]], stored(golden, 'mask.logits_all_first2'), 'all classes');
    const ofLabel = logits.flatMap((all, i) => [...all.subarray(labels[i] * 784, (labels[i] + 1) * 784)]);
    expectClose(ofLabel, stored(golden, 'mask.logits_of_label_first50'), 'of the label');
  });
});

describe('RetinaNet (D2)', () => {
  const parameter = parameterOf(retina.weights);

  it('feature pyramid', () => {
    const maps = [1, 2, 3, 4].map((i) => mapOf(golden, `f${i}`));
    const outputs = featurePyramid(parameter, retinaNetMicro, maps);
    for (const level of levels) {
      expectClose(outputs[level].values, stored(retina, `retina.fpn${level}`), `level ${level}`);
    }
  });

  it.each(levels)('head on level %i', (level) => {
    const { scores, deltas } = retinaHead(parameter, mapOf(retina, `retina.fpn${level}`));
    expectClose(scores.values, stored(retina, `retina.cls${level}`), 'scores');
    expectClose(deltas.values, stored(retina, `retina.reg${level}`), 'deltas');
  });
});
