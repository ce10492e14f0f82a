import { UserError } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { checkVisionTensors, inferVisionSpec } from './infer.ts';
import { visionTensors } from './parameters.ts';
import { namedVisionModel, type VisionModelName, visionModels, withInputSize } from './spec.ts';

const models = Object.keys(visionModels) as VisionModelName[];

describe('a spec from names and shapes', () => {
  it.each(models)('%s', (name) => {
    expect(inferVisionSpec(visionTensors(visionModels[name]))).toEqual(visionModels[name]);
  });
});

describe('refuses by name', () => {
  const shapes = () => new Map(visionTensors(visionModels['plainmamba-l1-maskrcnn']));
  const refused = (change: (own: Map<string, readonly number[]>) => void, message: RegExp) => {
    const own = shapes();
    change(own);
    expect(() => inferVisionSpec(own)).toThrow(UserError);
    expect(() => inferVisionSpec(own)).toThrow(message);
  };

  it('a classifier', () => refused((own) => own.clear(), /is this a classifier/));

  it('a missing tensor', () =>
    refused((own) => own.delete('backbone.up.bias'), /"backbone\.up\.bias" is missing/));

  it('a tensor of another shape', () =>
    refused((own) => own.set('neck.lateral_convs.0.bn.bias', [255]), /is \[255\], needed is \[256\]/));

  it('a tensor with too few axes', () =>
    refused((own) => own.set('backbone.pos_embed', [196, 192]), /must have 3 axes/));

  it('a position embedding that is no square', () =>
    refused((own) => own.set('backbone.pos_embed', [1, 195, 192]), /195 rows; a square grid/));

  it('absurd sizes', () =>
    refused(
      (own) => own.set('backbone.patch_embed.projection.weight', [2 ** 30, 64, 8, 8]),
      /width 1073741824: must be/,
    ));

  it('another model, telling the first ten of many', () => {
    const other = visionTensors(visionModels['plainmamba-l2-maskrcnn']);
    expect(() => checkVisionTensors(visionModels['plainmamba-l1-maskrcnn'], other)).toThrow(/and \d+ more/);
  });
});

describe('specs', () => {
  it('a name that is not known lists the others', () => {
    expect(() => namedVisionModel('l1')).toThrow(/choose one of plainmamba-l1-upernet/);
    expect(namedVisionModel('vim-tiny-upernet')).toBe(visionModels['vim-tiny-upernet']);
  });

  it('an input that the model cannot take', () => {
    const sized = (name: VisionModelName) => () => withInputSize(visionModels[name], 500, 512);
    expect(sized('plainmamba-l1-retinanet')).toThrow(/multiples of 32/);
    expect(sized('vim-small-upernet')).toThrow(/takes 512x512 only/);
    expect(sized('plainmamba-l1-upernet')().backbone.spec.imageHeight).toBe(500);
  });
});
