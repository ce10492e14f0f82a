import { describe, expect, it } from 'vitest';
import type { GridOptions } from '../../family.ts';
import { resolveGrid } from './grid.ts';

const size = (height: number, width = height) => ({ height, width });

describe('resolveGrid', () => {
  it.each<[string, number, number, GridOptions, [number, number, number]]>([
    ['Vim at 224, nothing given', 196, 16, {}, [224, 224, 16]],
    ['Vim at 384, nothing given', 576, 16, {}, [384, 384, 16]],
    ['the small model of the data set', 49, 4, {}, [28, 28, 4]],
    ['golden A', 64, 4, {}, [32, 32, 4]],
    ['upstream fine-tuned at stride 8, nothing given', 729, 16, {}, [224, 224, 8]],
    ['the same, stride given', 729, 16, { stride: 8 }, [224, 224, 8]],
    ['the same, image given', 729, 16, { imageSize: size(224) }, [224, 224, 8]],
    ['the same patches, image says otherwise', 729, 16, { imageSize: size(432) }, [432, 432, 16]],
    ['the same patches, stride says otherwise', 729, 16, { stride: 16 }, [432, 432, 16]],
    ['patches that overlap by three quarters', 289, 16, { imageSize: size(80) }, [80, 80, 4]],
    ['oblong image', 98, 16, { imageSize: size(112, 224) }, [112, 224, 16]],
    ['oblong grid', 98, 16, { grid: size(7, 14) }, [112, 224, 16]],
    ['grid and stride', 98, 16, { grid: size(7, 14), stride: 8 }, [64, 120, 8]],
    ['grid and image', 98, 16, { grid: size(7, 14), imageSize: size(112, 224) }, [112, 224, 16]],
    ['an oblong input', 98, 16, { input: size(112, 224) }, [112, 224, 16]],
    ['an oblong input, stride said', 98, 16, { input: size(64, 120), stride: 8 }, [64, 120, 8]],
    ['an oblong input whose patches overlap', 98, 16, { input: size(64, 120) }, [64, 120, 8]],
    ['an oblong input of a square', 196, 16, { input: size(112, 448) }, [224, 224, 16]],
    ['an oblong input, the grid said', 98, 16, { input: size(112, 224), grid: size(14, 7) }, [224, 112, 16]],
    ['pixels left over at the border', 196, 16, { imageSize: size(230) }, [230, 230, 16]],
    ['one patch', 1, 16, {}, [16, 16, 16]],
  ])('%s', (_, patches, patchSize, options, [imageHeight, imageWidth, stride]) => {
    expect(resolveGrid(patches, patchSize, options)).toEqual({ imageHeight, imageWidth, stride });
  });

  it.each<[string, number, number, GridOptions]>([
    ['no square; say how they lie with --grid HxW, for instance 7x14', 98, 16, {}],
    ['no square; say how they lie with --grid HxW, for instance 1x13', 13, 16, { stride: 16 }],
    ['no square; say how they lie with --grid', 98, 16, { input: size(64, 64) }],
    ['no square; say how they lie with --grid', 98, 16, { input: size(4, 4) }],
    ['grid 7x7 has 49 patches, but pos_embed holds 98', 98, 16, { grid: size(7) }],
    [
      'image 224x224 at stride 16 gives 14x14 = 196 patches, but pos_embed holds 576',
      576,
      16,
      { imageSize: size(224) },
    ],
    ['image 224x224 at stride 8 gives 27x27', 196, 16, { imageSize: size(224), stride: 8 }],
    ['in a grid of 14x7', 98, 16, { imageSize: size(112, 224), grid: size(14, 7) }],
    ['image size 8: must be a whole number from 16', 196, 16, { imageSize: size(8) }],
    ['stride 0: must be', 196, 16, { stride: 0 }],
    ['stride 1.5: must be', 196, 16, { stride: 1.5 }],
    ['grid NaN: must be', 196, 16, { grid: size(Number.NaN) }],
  ])('refuses: %s', (problem, patches, patchSize, options) => {
    expect(() => resolveGrid(patches, patchSize, options)).toThrow(problem);
  });
});
