import { pruningPlan } from '@vssm/families';
import { visionModels } from '@vssm/vision-tasks';
import { describe, expect, it } from 'vitest';
import { sampled, windowsKept } from './drawn-image.ts';
import { microMaskRcnn } from './micro-models.ts';

const step = (after: number, ...cells: number[]) => ({ after, cells: Int32Array.from(cells) });

describe('what is kept of an answer for drawing', () => {
  it('samples a mask at the middle of every pixel of the picture', () => {
    const mask = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    expect([...sampled(mask, { height: 4, width: 4 }, { height: 2, width: 2 })]).toEqual([5, 7, 13, 15]);
    expect([...sampled(mask, { height: 4, width: 4 }, { height: 4, width: 4 })]).toEqual(mask);
  });

  it('places the grid in pixels of the stored image, padding included', () => {
    const plan = pruningPlan({ schedule: [{ after: 1, keep: 0.5 }] }, 'plainmamba');
    const placed = {
      ...{ height: 96, width: 64, scaled: { height: 80, width: 60 }, original: { height: 160, width: 120 } },
      scaleFactor: [0.5, 0.5] as const,
    };
    expect(windowsKept(microMaskRcnn, plan, placed, [step(1, 0, 3)])).toEqual([
      {
        ...{ left: 0, top: 0, width: 128, height: 192, grid: { height: 6, width: 4 } },
        kept: [{ after: 1, cells: [0, 3] }],
      },
    ]);
  });

  it('gives every sliding window its own cells', () => {
    const plan = pruningPlan({ schedule: [{ after: 6, keep: 0.5 }] });
    const size = { height: 512, width: 853 };
    const placed = { ...size, scaled: size, original: size, scaleFactor: [1, 1] as const };
    const windows = windowsKept(visionModels['vim-tiny-upernet'], plan, placed, [step(6, 1), step(6, 2)]);
    expect(windows.map(({ left, width, grid }) => [left, width, grid.width])).toEqual([
      [0, 512, 32],
      [341, 512, 32],
    ]);
    expect(windows.map(({ kept }) => kept[0].cells)).toEqual([[1], [2]]);
  });
});
