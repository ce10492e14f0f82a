/** The vision models where there is no compiler: layers and convolutions by ONNX Runtime, the other kernels in WebAssembly. */
import { pruningPlan } from '@vssm/families';
import { type NumberMap, referenceMaskRcnn } from '@vssm/vision-tasks';
import {
  type GoldenVision,
  goldenVision,
  maskRcnnMicro,
  plainMambaUperNetMicro,
  stored,
  vimVariants,
} from '@vssm/vision-tasks/test-support';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { CpuDetector } from './detector.ts';
import { kernelPlace } from './kernel-place.ts';
import { rowsOfLevel } from './level-rows.ts';
import { CpuSegmenter } from './segmenter.ts';
import { asTokens, expectWithin } from './test-support/golden-stage.ts';

beforeAll(() => {
  vi.stubEnv('VSSM_KERNELS', 'wasm');
});
afterAll(() => {
  vi.unstubAllEnvs();
});

const dense = pruningPlan({ schedule: [] });

function imageOf(golden: GoldenVision, name: string): NumberMap {
  const [, channels, height, width] = golden.tensors.get(name)!.shape;
  const values = stored(golden, name).subarray(0, channels * height * width);
  return { channels, height, width, values };
}

it('runs in WebAssembly here', async () => {
  expect((await kernelPlace(1)).kernels.implementation).toBe('wasm');
});

it("Mask R-CNN's pyramid, pruned", async () => {
  const golden = await goldenVision('det_mask_rcnn');
  const image = imageOf(golden, 'input');
  const plan = pruningPlan({ schedule: [{ after: 1, keep: 0.7 }] }, 'plainmamba');
  const detector = await CpuDetector.create(maskRcnnMicro, golden.weights, plan, { threads: 1 });
  const levels = (await detector.pyramid(image)).map((level) => rowsOfLevel(level).data.slice());
  await detector.dispose();
  const expected = await referenceMaskRcnn(maskRcnnMicro, golden.weights, plan).pyramid(image);
  for (const [i, level] of levels.entries()) {
    const { channels, height, width, values } = expected[i];
    const map = { data: Float32Array.from(values), shape: [1, channels, height, width] };
    expectWithin(level, asTokens(map).data, 3e-4, `p${i}`);
  }
});

it('PlainMamba, UperNet (S1)', async () => {
  const golden = await goldenVision('seg_plain');
  const segmenter = await CpuSegmenter.create(plainMambaUperNetMicro, golden.weights, dense, { threads: 1 });
  const { values } = await segmenter.logits(imageOf(golden, 'b1.input'));
  await segmenter.dispose();
  expectWithin(values, stored(golden, 'b1.head_logits'), 3e-4, 'logits');
});

it('Vim, UperNet (S2)', async () => {
  const golden = await goldenVision('seg_vim');
  const segmenter = await CpuSegmenter.create(vimVariants.rope, golden.weights, dense, { threads: 1 });
  const { values } = await segmenter.logits(imageOf(golden, 'input'));
  await segmenter.dispose();
  const expected = stored(golden, 'rope.head_logits');
  expectWithin(values, expected.subarray(0, expected.length / 2), 2e-4, 'logits');
});
