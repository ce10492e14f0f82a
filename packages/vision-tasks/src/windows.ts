/** Sliding windows, as mmseg's slide_inference cuts them; `label-map.ts` joins what the network says about them. */
import type { NumberMap, Size } from './maps.ts';
import type { SegmentationTest } from './model/spec.ts';

/** A part of the network's input, pixels; `bottom` and `right` are exclusive. */
export interface Window {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** Windows in visiting order, row by row. The last ones are shifted back into the image, never padded. */
export function windowsOf(test: SegmentationTest, { height, width }: Size): readonly Window[] {
  if (test.mode === 'whole') return [{ top: 0, left: 0, bottom: height, right: width }];
  const { crop, stride } = test;
  const starts = (size: number) =>
    Array.from({ length: Math.floor(Math.max(size - crop + stride - 1, 0) / stride) + 1 }, (_, i) => {
      const end = Math.min(i * stride + crop, size);
      return [Math.max(end - crop, 0), end];
    });
  return starts(height).flatMap(([top, bottom]) =>
    starts(width).map(([left, right]) => ({ top, left, bottom, right })),
  );
}

/** The pixels of a window. */
export function cutWindow(image: NumberMap, { top, left, bottom, right }: Window): NumberMap {
  const [height, width] = [bottom - top, right - left];
  const values = new (image.values.constructor as Float32ArrayConstructor)(image.channels * height * width);
  for (let c = 0; c < image.channels; c++) {
    for (let row = 0; row < height; row++) {
      const from = (c * image.height + top + row) * image.width + left;
      values.set(image.values.subarray(from, from + width), (c * height + row) * width);
    }
  }
  return { channels: image.channels, height, width, values };
}
