import { describe, expect, it } from 'vitest';
import { baseAnchors, levelAnchors } from './anchors.ts';
import {
  goldenRetinaNet,
  goldenVision,
  maskRcnnMicro,
  retinaNetMicro,
  stored,
} from './test-support/golden.ts';

const cases = [
  { name: 'rpn', golden: await goldenVision('det_mask_rcnn'), spec: maskRcnnMicro, maps: 'rpn.cls' },
  { name: 'retina', golden: await goldenRetinaNet(), spec: retinaNetMicro, maps: 'retina.cls' },
];

describe.each(cases)('anchors of $name', ({ name, golden, spec, maps }) => {
  it.each([0, 1, 2, 3, 4])('level %i, bit for bit', (level) => {
    const stride = spec.anchors.strides[level];
    expect(baseAnchors(spec.anchors, stride)).toEqual(stored(golden, `${name}.base_anchors${level}`));
    const [, , height, width] = golden.tensors.get(`${maps}${level}`)!.shape;
    const anchors = levelAnchors(spec.anchors, stride, { height, width });
    const first = stored(golden, `${name}.anchors${level}_first20`);
    expect(anchors.subarray(0, first.length)).toEqual(first);
    const last = golden.tensors.get(`${name}.anchors${level}_last3`);
    if (last !== undefined) expect(anchors.subarray(-12)).toEqual(last.data);
  });
});
