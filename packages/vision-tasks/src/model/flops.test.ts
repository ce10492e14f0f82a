import { densePlan, modelFlops, plainMambaModels, pruningPlan, vimModels } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { visionFlops } from './flops.ts';
import { type MaskRcnnSpec, type RetinaNetSpec, type VisionModelName, visionModels } from './spec.ts';

const parts = (name: VisionModelName, profile: 'paper' | 'strict' = 'paper', plan = densePlan) =>
  visionFlops(visionModels[name], plan, profile).parts;

describe('whole models', () => {
  it.each(Object.keys(visionModels) as VisionModelName[])('%s: the parts add up, strict is more', (name) => {
    for (const profile of ['paper', 'strict'] as const) {
      const { total, parts: own } = visionFlops(visionModels[name], densePlan, profile);
      expect([...own.values()].reduce((sum, value) => sum + value, 0)).toBe(total);
      expect([...own.values()].every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
    }
    const paper = visionFlops(visionModels[name], densePlan, 'paper').total;
    expect(visionFlops(visionModels[name], densePlan, 'strict').total).toBeGreaterThan(paper);
  });
});

describe('by hand, in multiply-adds', () => {
  const cells = [200 * 336, 100 * 168, 50 * 84, 25 * 42];

  it('the proposal network at 800x1344', () => {
    const pixels = [...cells, 13 * 21].reduce((sum, value) => sum + value, 0);
    expect(parts('plainmamba-l1-maskrcnn').get('anchors')).toBe(pixels * (256 * 256 * 9 + 256 * 15));
  });

  it('the box head on 1000 regions, with 2 per element of its BatchNorms and 4 per sampled value', () => {
    const pixels = 1000 * 49;
    const convs = 4 * (pixels * 256 * 256 * 9 + 2 * pixels * 256);
    const linear = 1000 * (12544 * 1024 + 1024 * 81 + 1024 * 320);
    expect(parts('plainmamba-l1-maskrcnn').get('boxes')).toBe(4 * pixels * 256 + convs + linear);
  });

  it("RetinaNet's head", () => {
    const pixels = [...cells.slice(1), 13 * 21, 7 * 11].reduce((sum, value) => sum + value, 0);
    const perPixel = 8 * 256 * 256 * 9 + 256 * 9 * 9 * 84;
    expect(parts('plainmamba-l2-retinanet').get('anchors')).toBe(pixels * perPixel);
  });

  it("PlainMamba's UPerHead at 512x512", () => {
    const [n, d, c] = [1024, 192, 512];
    const block = (pixels: number, inputs: number, taps: number) => pixels * c * (inputs * taps + 2);
    const pooling = [1, 4, 9, 36].reduce((sum, pixels) => sum + block(pixels, d, 1), 0);
    const levels = 3 * (block(n, d, 1) + block(n, c, 9));
    const fused = block(n, d + 4 * c, 9) + block(n, 4 * c, 9) + n * c * 150;
    expect(parts('plainmamba-l1-upernet').get('head')).toBe(5 * 4 * n * d + pooling + levels + fused);
  });
});

describe('backbones', () => {
  it("PlainMamba's layers are the classifier's at the same grid", () => {
    const spec = { ...plainMambaModels['plainmamba-l1'], imageHeight: 512, imageWidth: 512 };
    const { blocks, patchEmbed } = modelFlops(spec, densePlan, 'strict');
    const own = parts('plainmamba-l1-upernet', 'strict');
    expect(own.get('layers')).toBe(blocks.reduce((sum, { block }) => sum + block, 0));
    expect(own.get('embed')).toBe(patchEmbed);
  });

  it("Vim's blocks are the classifier's with as many tokens", () => {
    // 31x33 patches and a class token are 1024.
    const spec = { ...vimModels['vim-tiny'], imageHeight: 31 * 16, imageWidth: 33 * 16 };
    const { blocks } = modelFlops(spec, densePlan, 'strict');
    expect(parts('vim-tiny-upernet', 'strict').get('layers')).toBe(
      blocks.reduce((sum, { block }) => sum + block, 0),
    );
  });

  it('pruning makes layers and injectors cheaper, nothing else; masking neither', () => {
    const schedule = [{ after: 6, keep: 0.7 }];
    const name = 'plainmamba-l1-maskrcnn';
    const dense = parts(name, 'strict');
    const pruned = parts(name, 'strict', pruningPlan({ schedule }, 'plainmamba'));
    const masked = parts(name, 'strict', pruningPlan({ schedule, alignment: 'mask' }, 'plainmamba'));
    for (const [part, value] of pruned) {
      const cheaper = part === 'layers' || part === 'injectors';
      if (cheaper) expect(value, part).toBeLessThan(dense.get(part)!);
      else if (part !== 'pruning') expect(value, part).toBe(dense.get(part));
      if (part !== 'pruning') expect(masked.get(part), part).toBe(dense.get(part));
    }
    expect(pruned.get('pruning')).toBeGreaterThan(0);
  });

  it("counts Vim's tokens without a class token and without parity", () => {
    const plan = pruningPlan({ schedule: [{ after: 5, keep: 0.75 }] });
    expect(visionFlops(visionModels['vim-tiny-upernet'], plan, 'paper').tokens).toEqual([1024, 768]);
  });
});

it('fewer regions cost less', () => {
  const spec = visionModels['plainmamba-l1-maskrcnn'];
  const few = { ...spec, proposals: { ...spec.proposals, perImage: 100 } };
  const boxes = (of: MaskRcnnSpec | RetinaNetSpec) => visionFlops(of, densePlan, 'paper').parts.get('boxes')!;
  expect(boxes(spec)).toBe(10 * boxes(few));
});
