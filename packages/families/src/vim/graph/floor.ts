/** The patch projection as the one product that a Vim begins with. */
import type { FloorEmbedding, RandomWeight } from '../../family.ts';
import { patchCount } from '../spec.ts';
import type { BidirectionalSpec } from '../traits.ts';

export function vimPatchProduct(spec: BidirectionalSpec, randomWeight: RandomWeight): FloorEmbedding {
  const patchValues = spec.inChannels * spec.patchSize ** 2;
  return {
    inputShape: [patchCount(spec), patchValues],
    products(g, patches) {
      const weight = randomWeight(g, 'patch_embed', [patchValues, spec.width], patchValues);
      const x = g.op('MatMul', [patches, weight]);
      // One token more, so that blocks see the class token too.
      const extra = g.op('Slice', [x, g.ints([0]), g.ints([1]), g.ints([1])]);
      return g.op('Concat', [x, extra], { attributes: { axis: 1 } });
    },
  };
}
