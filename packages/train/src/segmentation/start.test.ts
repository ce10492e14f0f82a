import { plainMambaSpec, randomWeights, vimSpec } from '@vssm/families';
import { expect, it } from 'vitest';
import { segmenterOn } from './start.ts';

const size = {
  ...{ width: 8, depth: 4, stateSize: 4, patchSize: 4, stemWidth: 8, stemConvs: 1 },
  ...{ imageHeight: 32, imageWidth: 32, classes: 10 },
};
const classifier = (depth: number) => {
  const spec = plainMambaSpec({ ...size, depth });
  return { spec, weights: randomWeights(spec) };
};
const shape = { classes: 3, channels: 8, height: 64, width: 64 };

it('puts taps at the ends of the quarters, and the position embedding on the pictures’ grid', () => {
  const { spec, weights } = segmenterOn(classifier(8), shape, 0);
  expect(spec.backbone.taps).toEqual([1, 3, 5, 7]);
  expect(weights.get('backbone.pos_embed')!.shape).toEqual([1, 256, 8]);
});

it('refuses what nobody could read afterwards, and a backbone without quarters, by name', () => {
  expect(() => segmenterOn(classifier(8), { ...shape, width: 96 }, 0)).toThrow(
    'scenes of 64x96: a segmenter is trained on square ones',
  );
  expect(() => segmenterOn(classifier(6), shape, 0)).toThrow('--backbone: has 6 layers');
  const spec = vimSpec({ width: 8, depth: 4, stateSize: 4, imageHeight: 32, imageWidth: 32, patchSize: 8 });
  expect(() => segmenterOn({ spec, weights: randomWeights(spec) }, shape, 0)).toThrow(
    '--backbone: is a vim; segmenters are trained on plainmamba',
  );
});
