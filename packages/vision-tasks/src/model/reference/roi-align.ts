/**
 * RoIAlign as mmcv has it with aligned=True and an adaptive number of samples: a box is cut into side x side bins,
 * each the mean of ceil(bin height) x ceil(bin width) bilinear samples.
 */
import type { FeatureMap } from '@vssm/core/reference';

/**
 * @param box x1, y1, x2, y2 in input pixels
 * @param stride pixels per cell of the map
 * @returns [C, side, side]; zeros for a box without height or width
 */
export function roiAlign(map: FeatureMap, box: ArrayLike<number>, stride: number, side: number): FeatureMap {
  const [left, top, right, bottom] = Array.from(box, (coordinate) => coordinate / stride - 0.5);
  const binHeight = (bottom - top) / side;
  const binWidth = (right - left) / side;
  const samplesDown = Math.ceil(binHeight);
  const samplesAcross = Math.ceil(binWidth);
  const values = new Float64Array(map.channels * side * side);
  const area = map.height * map.width;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      for (let i = 0; i < samplesDown; i++) {
        const y = top + row * binHeight + ((i + 0.5) * binHeight) / samplesDown;
        for (let j = 0; j < samplesAcross; j++) {
          const x = left + column * binWidth + ((j + 0.5) * binWidth) / samplesAcross;
          for (const { cell, weight } of corners(map, x, y)) {
            for (let c = 0; c < map.channels; c++) {
              values[(c * side + row) * side + column] +=
                (weight * map.values[c * area + cell]) / (samplesDown * samplesAcross);
            }
          }
        }
      }
    }
  }
  return { channels: map.channels, height: side, width: side, values };
}

/** Cells and shares of a sample: none beyond one cell outside, the border's own value between -1 and 0. */
function corners(
  { height, width }: FeatureMap,
  x: number,
  y: number,
): readonly { readonly cell: number; readonly weight: number }[] {
  if (y < -1 || y > height || x < -1 || x > width) return [];
  const rows = line(Math.max(y, 0), height);
  const columns = line(Math.max(x, 0), width);
  return rows.flatMap(([row, share]) =>
    columns.map(([column, other]) => ({ cell: row * width + column, weight: share * other })),
  );
}

function line(position: number, size: number): [index: number, share: number][] {
  const first = Math.floor(position);
  if (first >= size - 1) return [[size - 1, 1]];
  return [
    [first, 1 - (position - first)],
    [first + 1, position - first],
  ];
}
