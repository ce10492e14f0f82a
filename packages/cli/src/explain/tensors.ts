/** What `vssm explain` writes for programs: contributions of every token in every block, and the maps that are drawn. */
import { type Contributions, JoinedContributions } from '@vssm/backend';
import type { Tensor } from '@vssm/core';
import { positionTensor } from '../prediction-tensors.ts';

/**
 * `contributions.<block>` and `positions.<block>`, [count, L] each; `map` [count, H, W]. Of an image without an answer
 * values are NaN and positions -1.
 *
 * @param contributions of each image
 * @param maps of each image, [H·W]
 */
export function contributionTensors(
  contributions: ReadonlyMap<number, Contributions>,
  maps: ReadonlyMap<number, Float64Array>,
  grid: { readonly height: number; readonly width: number },
  count: number,
): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  const joined = new JoinedContributions(count);
  for (const [image, own] of contributions) joined.add(own, image, 1);
  for (const [block, { scores, positions }] of joined.member.contributions ?? []) {
    const shape = [count, positions.length / count];
    const data = scores;
    tensors.set(
      `contributions.${block}`,
      data instanceof Float64Array ? { dtype: 'F64', shape, data } : { dtype: 'F32', shape, data },
    );
    tensors.set(`positions.${block}`, positionTensor(positions, count));
  }
  const cells = grid.height * grid.width;
  const data = new Float32Array(count * cells).fill(Number.NaN);
  for (const [image, map] of maps) data.set(map, image * cells);
  tensors.set('map', { dtype: 'F32', shape: [count, grid.height, grid.width], data });
  return tensors;
}
