/** The float64 reference of the segmenters against their golden data, stage by stage. */
import { pruningPlan } from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { visionReference } from './model/index.ts';
import { visionTensors } from './model/parameters.ts';
import { type UperNetSpec, withInputSize } from './model/spec.ts';
import { expectClose, mapOf, parameterOf } from './test-support/expect-close.ts';
import {
  type GoldenVision,
  goldenVision,
  plainMambaUperNetMicro,
  stored,
  vimVariants,
} from './test-support/golden.ts';

const {
  bilinear,
  plainMambaBlocks,
  plainMambaTaps,
  ropeTables,
  rotate,
  uperHead,
  vimBlocks,
  vimNeck,
  vimTaps,
} = visionReference;

const dense = pruningPlan({ schedule: [] });

/** Taps, logits and everything observed on the way. */
function run(golden: GoldenVision, spec: UperNetSpec, image: visionReference.FeatureMap) {
  const seen = new Map<string, Float64Array>();
  const parameter = parameterOf(golden.weights);
  const observe = (name: string, value: Float64Array) => seen.set(name, value);
  const context = { parameter, plan: dense, sample: 0, observe };
  const { backbone } = withInputSize(spec, image.height, image.width);
  const taps =
    backbone.family === 'plainmamba'
      ? plainMambaTaps(context, backbone, plainMambaBlocks(backbone.spec, parameter, 'decay', observe), image)
      : vimTaps(context, backbone, vimBlocks(backbone.spec, parameter, dense), image);
  const maps = backbone.family === 'vim' ? vimNeck(parameter, backbone.spec.patchSize, taps) : taps;
  const logits = uperHead(parameter, spec.head, maps, (name, value) => seen.set(`head.${name}`, value));
  return { taps, maps, logits, seen };
}

/** Names and shapes of a file's parameters. */
function shapesOf({ weights }: GoldenVision): Map<string, readonly number[]> {
  return new Map([...weights].map(([name, { shape }]) => [name, shape]));
}

describe('PlainMamba, UperNet (S1)', async () => {
  const golden = await goldenVision('seg_plain');

  it('the spec lists the tensors of the file', () => {
    expect(shapesOf(golden)).toEqual(visionTensors(plainMambaUperNetMicro));
  });

  it('every stage of one 64x96 image', () => {
    const { taps, logits, seen } = run(golden, plainMambaUperNetMicro, mapOf(golden, 'b1.input'));
    expectClose(seen.get('patch_tokens')!, stored(golden, 'b1.backbone.patch_tokens'), 'patches');
    expectClose(seen.get('tokens_pos')!, stored(golden, 'b1.backbone.tokens_pos'), 'position embedding');
    for (const layer of [0, 1, 2, 3]) {
      expectClose(
        seen.get(`layer${layer}.out`)!,
        stored(golden, `b1.backbone.layer${layer}.out`),
        `layer ${layer}`,
      );
      expectClose(taps[layer].values, stored(golden, `b1.tap${layer}`), `tap ${layer}`);
    }
    const maps = [...golden.tensors.keys()].filter((name) => name.startsWith('b1.head.'));
    expect(maps.length).toBe(16);
    for (const name of maps) expectClose(seen.get(name.slice(3))!, stored(golden, name), name);
    expectClose(logits.values, stored(golden, 'b1.head_logits'), 'logits');
    expectClose(bilinear(logits, 64, 96).values, stored(golden, 'b1.logits_resized'), 'resized');
  });

  it.each([0, 1])('image %i of a batch', (index) => {
    const { taps, logits } = run(golden, plainMambaUperNetMicro, mapOf(golden, 'b2.input', index));
    const own = (name: string) => {
      const all = stored(golden, name);
      return all.subarray((index * all.length) / 2, ((index + 1) * all.length) / 2);
    };
    for (const [i, tap] of taps.entries()) expectClose(tap.values, own(`b2.tap${i}`), `tap ${i}`);
    expectClose(logits.values, own('b2.head_logits'), 'logits');
  });

  it('a size that the stem pads, and the second resize', () => {
    const { taps, logits } = run(golden, plainMambaUperNetMicro, mapOf(golden, 'odd.input'));
    for (const [i, tap] of taps.entries()) expectClose(tap.values, stored(golden, `odd.tap${i}`), `tap ${i}`);
    expectClose(logits.values, stored(golden, 'odd.head_logits'), 'logits');
    const resized = bilinear(bilinear(logits, 60, 90), 45, 67);
    expectClose(resized.values, stored(golden, 'odd.logits_ori'), 'at the original size');
  });
});

describe('Vim, UperNet (S2)', async () => {
  const golden = await goldenVision('seg_vim');

  it('the spec lists the tensors of the file', () => {
    expect(shapesOf(golden)).toEqual(visionTensors(vimVariants.rope));
  });

  describe.each(Object.entries(vimVariants))('%s', (variant, spec) => {
    it.each([0, 1])('image %i', (index) => {
      const { taps, maps, logits, seen } = run(golden, spec, mapOf(golden, 'input', index));
      const all = new Map([
        ...seen,
        ...taps.map((tap, i): [string, Float64Array] => [`tap${i}`, tap.values]),
        ...maps.map((map, i): [string, Float64Array] => [`fpn${i + 1}`, map.values]),
        ['head_logits', logits.values],
      ]);
      const names = [...golden.tensors.keys()].filter(
        (name) => name.startsWith(`${variant}.`) && all.has(name.slice(variant.length + 1)),
      );
      // The rope variant stores its blocks and the neck too, the others taps and logits.
      expect(names.length).toBeGreaterThanOrEqual(variant === 'rope' ? 30 : 3);
      for (const name of names) {
        const expected = stored(golden, name);
        const half = expected.length / 2;
        expectClose(
          all.get(name.slice(variant.length + 1))!,
          expected.subarray(index * half, (index + 1) * half),
          name,
        );
      }
    });
  });

  it.each([
    [4, 32],
    [6, 24],
  ])('rope alone, %ix%i', (side, width) => {
    const unit = `rope_unit.g${side}_d${width / 2}`;
    const tables = ropeTables(side, width);
    expectClose(tables.cos, stored(golden, `${unit}.cos`), 'cos');
    expectClose(tables.sin, stored(golden, `${unit}.sin`), 'sin');
    const cells = Int32Array.from({ length: side * side }, (_, cell) => cell);
    const rotated = rotate(Float64Array.from(stored(golden, `${unit}.in`)), tables, cells);
    expectClose(rotated, stored(golden, `${unit}.out`), 'rotated');
  });

  it('the neck of a model with patch 8', () => {
    const taps = [0, 1, 2, 3].map((i) => mapOf(golden, `p8.tap${i}`));
    const maps = vimNeck((name) => stored(golden, `p8.model.${name}`), 8, taps);
    for (const [i, map] of maps.entries())
      expectClose(map.values, stored(golden, `p8.fpn${i + 1}`), `fpn${i + 1}`);
  });
});
