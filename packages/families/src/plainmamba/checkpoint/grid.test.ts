import { describe, expect, it } from 'vitest';
import type { GridOptions } from '../../family.ts';
import { resolvePlainMambaGrid } from './grid.ts';

const size = (height: number, width = height) => ({ height, width });

describe('resolvePlainMambaGrid', () => {
  it.each<[string, number, number, GridOptions, [number, number, number, number]]>([
    ['the published models', 196, 16, {}, [224, 224, 14, 14]],
    ['their own size said', 196, 16, { imageSize: size(224) }, [224, 224, 14, 14]],
    ['a larger image', 196, 16, { imageSize: size(384) }, [384, 384, 14, 14]],
    ['an oblong image', 196, 16, { imageSize: size(512, 2048) }, [512, 2048, 14, 14]],
    ['a square that is smaller than a cell', 196, 16, { imageSize: size(3) }, [3, 3, 14, 14]],
    ['an image that the last cells overhang', 196, 16, { imageSize: size(223) }, [223, 223, 14, 14]],
    ['golden E2, its image said', 15, 8, { imageSize: size(24, 40) }, [24, 40, 3, 5]],
    ['golden E2, another image of its grid', 15, 8, { imageSize: size(21, 37) }, [21, 37, 3, 5]],
    ['golden E2, its grid said', 15, 8, { grid: size(3, 5) }, [24, 40, 3, 5]],
    ['golden E2 resized', 15, 8, { grid: size(3, 5), imageSize: size(64) }, [64, 64, 3, 5]],
    ['golden E2 turned', 15, 8, { grid: size(3, 5), imageSize: size(40, 24) }, [40, 24, 3, 5]],
    ['an oblong input', 60, 4, { input: size(40, 24) }, [40, 24, 10, 6]],
    ['an oblong input that the last cells overhang', 60, 4, { input: size(39, 23) }, [39, 23, 10, 6]],
    ['an oblong input, the grid said', 60, 4, { input: size(40, 24), grid: size(6, 10) }, [24, 40, 6, 10]],
    ['an oblong input of a square', 196, 16, { input: size(112, 448) }, [224, 224, 14, 14]],
    ['an input that is not the image', 60, 4, { input: size(64), imageSize: size(40, 24) }, [40, 24, 10, 6]],
    ['a square count, trained oblong', 196, 16, { grid: size(7, 28) }, [112, 448, 7, 28]],
    ['the same at its image', 196, 16, { grid: size(7, 28), imageSize: size(112, 448) }, [112, 448, 7, 28]],
    ['resized to as many cells', 196, 16, { grid: size(14), imageSize: size(112, 448) }, [112, 448, 14, 14]],
  ])('%s', (_, cells, patchSize, options, [imageHeight, imageWidth, positionRows, positionColumns]) => {
    expect(resolvePlainMambaGrid(cells, patchSize, options)).toEqual({
      ...{ imageHeight, imageWidth, positionRows, positionColumns },
    });
  });

  it.each<[string, number, number, GridOptions]>([
    ['no square; say how they lie with --grid HxW, for instance 3x5', 15, 8, {}],
    [
      'image 64x64 gives 8x8 = 64 patches, but pos_embed holds 15, which is no square; say how they lie with --grid',
      15,
      8,
      { imageSize: size(64) },
    ],
    ['may lie 14x14 or, as in an image of 112x448, 7x28', 196, 16, { imageSize: size(112, 448) }],
    ['no square; say how they lie with --grid HxW', 60, 4, { input: size(40, 40) }],
    ['grid 7x7 has 49 patches, but pos_embed holds 196', 196, 16, { grid: size(7) }],
    ['stride 8: a PlainMamba has none', 196, 16, { stride: 8 }],
    ['image size 0: must be a whole number', 196, 16, { imageSize: size(0) }],
    ['grid 0.5: must be', 196, 16, { grid: size(0.5) }],
  ])('refuses: %s', (problem, cells, patchSize, options) => {
    expect(() => resolvePlainMambaGrid(cells, patchSize, options)).toThrow(problem);
  });
});
