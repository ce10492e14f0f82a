/** The stem's convolutions and the projection to tokens, which a PlainMamba begins with, and its classifier. */
import { swapLastAxes, type Value } from '@vssm/graph';
import type { MatmulFloorEnds, RandomWeight } from '../../family.ts';
import { type PlainMambaSpec, plainMambaGrid, stemSize } from '../spec.ts';

export function plainMambaMatmulFloor(spec: PlainMambaSpec, randomWeight: RandomWeight): MatmulFloorEnds {
  const { inChannels, imageHeight, imageWidth, stemWidth, stemConvs, width: d, classes } = spec;
  const half = stemSize(spec);
  const grid = plainMambaGrid(spec);
  const side = spec.patchSize / 2;
  const toTheLastCell = [0, 0, grid.height * side - half.height, grid.width * side - half.width];
  const around = (pad: number) => [pad, pad, pad, pad];
  return {
    inputShape: [inChannels, imageHeight, imageWidth],
    products(g, pixels) {
      const conv = (
        x: Value,
        name: string,
        [outputs, inputs, kernel]: readonly [number, number, number],
        stride: number,
        pads: readonly number[],
      ) =>
        g.op('Conv', [x, randomWeight(g, name, [outputs, inputs, kernel, kernel], inputs * kernel ** 2)], {
          attributes: { kernel_shape: [kernel, kernel], strides: [stride, stride], pads },
        });
      let plane = conv(pixels, 'stem', [stemWidth, inChannels, 7], 2, around(3));
      for (let i = 0; i < stemConvs; i++) {
        plane = conv(plane, `stem.${i}`, [stemWidth, stemWidth, 3], 1, around(1));
      }
      const cells = conv(plane, 'projection', [d, stemWidth, side], side, toTheLastCell);
      return swapLastAxes(g, g.op('Reshape', [cells, g.ints([0, d, grid.height * grid.width])]));
    },
    // It reads one token, the mean of all.
    classifier(g, tokens, name) {
      const one = g.op('Slice', [tokens, g.ints([0]), g.ints([1]), g.ints([1])]);
      return g.op('MatMul', [one, randomWeight(g, 'head', [d, classes], d)], { name });
    },
  };
}
