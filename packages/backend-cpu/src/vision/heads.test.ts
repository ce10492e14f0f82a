/**
 * The detectors' heads as stages around kernels, each from stored inputs. The golden data suggest 3e-4 for features in
 * float32.
 */
import { Arena, createKernels, createMemory, probeNative } from '@vssm/kernels';
import { withInputSize } from '@vssm/vision-tasks';
import { visionNames } from '@vssm/vision-tasks/graph';
import {
  goldenRetinaNet,
  goldenVision,
  maskRcnnMicro,
  retinaNetMicro,
  stored,
  storedIntegers,
} from '@vssm/vision-tasks/test-support';
import { describe, it } from 'vitest';
import { anchorHead } from './anchor-heads.ts';
import type { KernelPlace } from './kernel-place.ts';
import { placeLevels, rowsOfLevel } from './level-rows.ts';
import { scratchFor } from './map-convs.ts';
import { featurePyramid } from './pyramid.ts';
import { BoxHead, MaskHead } from './region-heads.ts';
import { asTokens, expectWithin, storedTensor } from './test-support/golden-stage.ts';

const features = 3e-4;
const golden = await goldenVision('det_mask_rcnn');
const retina = await goldenRetinaNet();
const { weights } = golden;
const [, , height, width] = golden.tensors.get('input')!.shape;
const mask = withInputSize(maskRcnnMicro, height, width);
const retinaNet = withInputSize(retinaNetMicro, height, width);
const native = (await probeNative()).available;

const rowsOf = (of: typeof golden, name: string) => asTokens(storedTensor(of, name)).data;
const maps = (first: number) =>
  Object.fromEntries(
    [0, 1, 2, 3].slice(first).map((i) => [visionNames.map(i), storedTensor(golden, `f${i + 1}`)]),
  );

/** Levels of a place, filled with what is stored. */
function storedLevels(place: KernelPlace, spec: typeof mask | typeof retinaNet) {
  const levels = placeLevels(spec, place);
  const [of, prefix] = spec.kind === 'maskrcnn' ? [golden, 'fpn.p'] : [retina, 'retina.fpn'];
  for (const [i, level] of levels.entries()) rowsOfLevel(level).data.set(rowsOf(of, `${prefix}${i}`));
  return levels;
}

describe.each(native ? (['wasm', 'native'] as const) : (['wasm'] as const))(
  'heads around kernels: %s',
  async (implementation) => {
    const place = async (): Promise<KernelPlace> => {
      const arena = new Arena(createMemory());
      return { arena, kernels: await createKernels(arena.memory, { implementation }) };
    };

    it("Mask R-CNN's pyramid", async () => {
      const own = await place();
      const pyramid = await featurePyramid(mask, weights, own, 1);
      const levels = placeLevels(mask, own);
      await pyramid.run(maps(0), levels, own.arena.float32(scratchFor(own, mask.channels)).at);
      await pyramid.dispose();
      for (const [i, level] of levels.entries()) {
        expectWithin(rowsOfLevel(level).data, rowsOf(golden, `fpn.p${i}`), features, `p${i}`);
      }
    });

    it("RetinaNet's pyramid", async () => {
      const own = await place();
      const pyramid = await featurePyramid(retinaNet, retina.weights, own, 1);
      const levels = placeLevels(retinaNet, own);
      await pyramid.run(maps(1), levels, own.arena.float32(scratchFor(own, retinaNet.channels)).at);
      await pyramid.dispose();
      for (const [i, level] of levels.entries()) {
        expectWithin(rowsOfLevel(level).data, rowsOf(retina, `retina.fpn${i}`), features, `p${i}`);
      }
    });

    it.each([
      [mask, golden, 'rpn'],
      [retinaNet, retina, 'retina'],
    ] as const)('what is said of every anchor: %#', async (spec, of, prefix) => {
      const own = await place();
      const head = await anchorHead(spec, of.weights, own, 1);
      const levels = storedLevels(own, spec);
      head.takeRoom(levels);
      const found = await head.run(levels, own.arena.float32(scratchFor(own, spec.channels)).at);
      await head.dispose();
      for (const [i, { scores, deltas }] of found.entries()) {
        expectWithin(scores.values, stored(of, `${prefix}.cls${i}`), features, `scores ${i}`);
        expectWithin(deltas.values, stored(of, `${prefix}.reg${i}`), features, `deltas ${i}`);
      }
    });

    it('the box head on the proposals of all levels', async () => {
      const own = await place();
      const head = await BoxHead.create(mask, weights, own, 1);
      const proposals = Float64Array.from(stored(golden, 'rpn.proposals')).filter((_, i) => i % 5 < 4);
      const outputs = await head.run(storedLevels(own, mask), proposals);
      await head.dispose();
      expectWithin(outputs.scores, stored(golden, 'rcnn.cls_score'), features, 'scores');
      expectWithin(outputs.deltas, stored(golden, 'rcnn.bbox_pred'), features, 'deltas');
    });

    it('the mask head, each region with its own class', async () => {
      const own = await place();
      const head = await MaskHead.create(mask, weights, own, 1);
      const count = 50;
      const boxes = Float64Array.from(stored(golden, 'mask.boxes_input_scale').subarray(0, 4 * count));
      const labels = Int32Array.from(storedIntegers(golden, 'det.labels').slice(0, count));
      const masks = await head.run(storedLevels(own, mask), boxes, labels);
      await head.dispose();
      expectWithin(masks, stored(golden, 'mask.logits_of_label_first50'), features, 'masks');
    });
  },
);
