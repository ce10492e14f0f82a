/** Everything between the networks of a detector, from stored maps: the same candidates, order, classes, masks. */
import { describe, expect, it } from 'vitest';
import { anchorDeltaScale, decodeBox, regionDeltaScale } from './box-coder.ts';
import { detectAnchors, detectRegions, regionCandidates, retinaCandidates, toInput } from './detections.ts';
import { pasteMask, pasteProbabilities } from './masks.ts';
import { nonMaximumSuppression } from './nms.ts';
import { keptProposals, proposalCandidates, propose } from './proposals.ts';
import { regionLevels } from './region-levels.ts';
import { expectClose, mapOf } from './test-support/expect-close.ts';
import {
  detectionImage,
  goldenRetinaNet,
  goldenVision,
  maskRcnnMicro,
  retinaNetMicro,
  stored,
  storedIntegers,
} from './test-support/golden.ts';

const golden = await goldenVision('det_mask_rcnn');
const retina = await goldenRetinaNet();
const levels = [0, 1, 2, 3, 4];
const original = { height: detectionImage.originalHeight, width: detectionImage.originalWidth };

/** Deltas stored as float32 move an anchor of 400 pixels by 2e-5; the issue allows what float32 explains. */
const boxTolerance = 5e-5;

const columns = (boxes: Float32Array, from: number, to: number) =>
  boxes.filter((_, i) => i % 5 >= from && i % 5 < to);

describe('box coder', () => {
  it.each([
    ['std1_noclip', anchorDeltaScale, undefined],
    ['std1_clip90x121', anchorDeltaScale, detectionImage],
    ['std_rcnn_clip90x121', regionDeltaScale, detectionImage],
  ] as const)('%s', (name, scale, clip) => {
    const from = stored(golden, 'coder_unit.boxes');
    const deltas = stored(golden, 'coder_unit.deltas');
    const boxes = new Float64Array(from.length);
    for (let at = 0; at < from.length; at += 4) {
      const own = [deltas[at], deltas[at + 1], deltas[at + 2], deltas[at + 3]] as const;
      decodeBox(boxes, at, from, at, own, scale, clip);
    }
    expectClose(boxes, stored(golden, `coder_unit.${name}`), name);
  });
});

describe('proposals (D1)', () => {
  const maps = levels.map((level) => ({
    scores: mapOf(golden, `rpn.cls${level}`),
    deltas: mapOf(golden, `rpn.reg${level}`),
  }));
  const candidates = proposalCandidates(maskRcnnMicro, maps, detectionImage);

  it('candidates, in order', () => {
    expect([...candidates.groups]).toEqual(storedIntegers(golden, 'rpn.cand_level'));
    expectClose(candidates.scores, stored(golden, 'rpn.cand_scores'), 'scores');
    expectClose(candidates.boxes, stored(golden, 'rpn.cand_boxes_decoded'), 'boxes', boxTolerance);
  });

  it('the same candidates survive', () => {
    expect(keptProposals(maskRcnnMicro, candidates)).toEqual(storedIntegers(golden, 'rpn.keep_in_cand'));
  });

  it.each([
    ['rpn.proposals', maskRcnnMicro],
    [
      'rpn1000.proposals',
      { ...maskRcnnMicro, proposals: { perLevel: 1000, iouThreshold: 0.7, perImage: 1000 } },
    ],
  ])('%s', (name, spec) => {
    const { boxes, scores } = propose(spec, maps, detectionImage);
    const expected = stored(golden, name);
    expectClose(scores, columns(expected, 4, 5), 'scores');
    expectClose(boxes, columns(expected, 0, 4), 'boxes', boxTolerance);
  });
});

describe('regions (D1)', () => {
  const proposals = Float64Array.from(columns(stored(golden, 'rpn.proposals'), 0, 4));
  const outputs = {
    scores: stored(golden, 'rcnn.cls_score'),
    deltas: stored(golden, 'rcnn.bbox_pred'),
  };

  it('levels of the proposals, of the detections, and on the borders', () => {
    expect([...regionLevels(proposals)]).toEqual(storedIntegers(golden, 'rcnn.roi_levels'));
    const detected = stored(golden, 'mask.boxes_input_scale');
    expect([...regionLevels(detected)]).toEqual(storedIntegers(golden, 'mask.roi_levels'));
    const rois = stored(golden, 'roi_unit.rois').filter((_, i) => i % 5 > 0);
    expect([...regionLevels(rois)]).toEqual(storedIntegers(golden, 'roi_unit.levels'));
  });

  it('a side of 112 is the second level, barely less is too, 111.9 is not', () => {
    const square = (side: number) => [0, 0, side, 112];
    expect([...regionLevels([...square(112), ...square(111.9999), ...square(111.9)])]).toEqual([1, 1, 0]);
  });

  it('detections: boxes, order, classes', () => {
    const found = detectRegions(maskRcnnMicro, proposals, outputs, detectionImage);
    const expected = stored(golden, 'det.boxes');
    expect([...found.labels]).toEqual(storedIntegers(golden, 'det.labels'));
    expectClose(found.boxes, columns(expected, 0, 4), 'boxes', boxTolerance);
    expectClose(found.scores, columns(expected, 4, 5), 'scores');
  });

  it('the proposal behind every detection', () => {
    const candidates = regionCandidates(maskRcnnMicro, proposals, outputs, detectionImage);
    const boxes = stored(golden, 'rcnn.boxes_rescaled');
    const kept = nonMaximumSuppression(candidates, 0.5).slice(0, 100);
    const flat = storedIntegers(golden, 'det.flat_index');
    for (const [i, index] of kept.entries()) {
      expect(candidates.groups[index]).toBe(flat[i] % 7);
      const own = boxes.subarray(4 * flat[i], 4 * flat[i] + 4);
      expectClose(candidates.boxes.subarray(4 * index, 4 * index + 4), own, `detection ${i}`, boxTolerance);
    }
  });

  it('a higher threshold leaves fewer', () => {
    const strict = {
      ...maskRcnnMicro,
      detections: { ...maskRcnnMicro.detections, scoreThreshold: 0.7 },
    };
    const found = detectRegions(strict, proposals, outputs, detectionImage);
    expect([...found.labels]).toEqual(storedIntegers(golden, 'det_thr70.labels'));
    expectClose(found.boxes, columns(stored(golden, 'det_thr70.boxes'), 0, 4), 'boxes', boxTolerance);
  });
});

describe('masks (D1)', () => {
  const boxes = Float64Array.from(columns(stored(golden, 'det.boxes'), 0, 4));
  const logits = stored(golden, 'mask.logits_of_label_first50');
  const packed = storedIntegers(golden, 'mask.pasted_packed');
  const pixels = original.height * original.width;

  it('are looked for in input pixels', () => {
    expectClose(toInput(boxes, detectionImage), stored(golden, 'mask.boxes_input_scale'), 'boxes');
  });

  it('pasted probabilities', () => {
    const expected = stored(golden, 'mask.pasted_prob_first4');
    for (let i = 0; i < 4; i++) {
      const own = logits.subarray(784 * i, 784 * (i + 1));
      const pasted = pasteProbabilities(own, boxes.subarray(4 * i, 4 * i + 4), original);
      expectClose(pasted, expected.subarray(pixels * i, pixels * (i + 1)), `mask ${i}`);
    }
  });

  it('every pixel of 50 binary masks', () => {
    const areas = storedIntegers(golden, 'mask.pasted_area');
    for (let i = 0; i < 50; i++) {
      const own = logits.subarray(784 * i, 784 * (i + 1));
      const mask = pasteMask(own, boxes.subarray(4 * i, 4 * i + 4), original, 0.5);
      const bits = Array.from(
        { length: pixels },
        (_, bit) => (packed[608 * i + (bit >> 3)] >> (7 - (bit & 7))) & 1,
      );
      expect([...mask]).toEqual(bits);
      expect(mask.reduce((sum, bit) => sum + bit, 0)).toBe(areas[i]);
    }
  });

  it('a box without extent takes the middle of the mask', () => {
    const bright = new Float64Array(784).fill(3);
    expect(pasteMask(bright, [2, 1, 2, 3], { height: 4, width: 4 }, 0.5)).toEqual(
      // x has no extent, so every column samples the middle; y reaches from 1 to 3.
      Uint8Array.from([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]),
    );
  });
});

describe('RetinaNet (D2)', () => {
  const maps = levels.map((level) => ({
    scores: mapOf(retina, `retina.cls${level}`),
    deltas: mapOf(retina, `retina.reg${level}`),
  }));

  it('candidates, in order', () => {
    const { candidates, perLevel } = retinaCandidates(retinaNetMicro, maps, detectionImage);
    expect(perLevel).toEqual(storedIntegers(retina, 'retina.cand_per_level'));
    expect([...candidates.groups]).toEqual(storedIntegers(retina, 'retina.cand_labels'));
    expectClose(candidates.scores, stored(retina, 'retina.cand_scores'), 'scores');
    expectClose(candidates.boxes, stored(retina, 'retina.cand_boxes'), 'boxes', boxTolerance);
  });

  it('the same candidates survive', () => {
    const { candidates } = retinaCandidates(retinaNetMicro, maps, detectionImage);
    const boxes = candidates.boxes.map((coordinate, i) => coordinate / detectionImage.scale[i % 2]);
    const kept = nonMaximumSuppression({ ...candidates, boxes }, 0.5);
    expect(kept).toEqual(storedIntegers(retina, 'retina.keep'));
  });

  it('detections', () => {
    const found = detectAnchors(retinaNetMicro, maps, detectionImage);
    const expected = stored(retina, 'retina.det.boxes');
    expect([...found.labels]).toEqual(storedIntegers(retina, 'retina.det.labels'));
    expectClose(found.boxes, columns(expected, 0, 4), 'boxes', boxTolerance);
    expectClose(found.scores, columns(expected, 4, 5), 'scores');
  });
});
