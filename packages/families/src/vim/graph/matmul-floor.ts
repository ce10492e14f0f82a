/** The patch projection as the one product that a Vim begins with, and the classifier's products that it ends in. */
import type { FamilyGraphs } from '../../family.ts';
import { patchCount } from '../spec.ts';
import { type BidirectionalSpec, type BidirectionalTraits, readWidth } from '../traits.ts';

export const bidirectionalMatmulFloor =
  <Spec extends BidirectionalSpec>(traits: BidirectionalTraits<Spec>): FamilyGraphs<Spec>['matmulFloor'] =>
  (spec, randomWeight) => {
    const { width: d, classes } = spec;
    const patchValues = spec.inChannels * spec.patchSize ** 2;
    const read = traits.protectedTokens(spec).length;
    const narrow = readWidth(traits, spec);
    return {
      inputShape: [patchCount(spec), patchValues],
      products(g, patches) {
        const weight = randomWeight(g, 'patch_embed', [patchValues, d], patchValues);
        const x = g.op('MatMul', [patches, weight]);
        // Some tokens more, so that blocks see the protected ones too.
        const extra = g.op('Slice', [x, g.ints([0]), g.ints([read]), g.ints([1])]);
        return g.op('Concat', [x, extra], { attributes: { axis: 1 } });
      },
      classifier(g, tokens, name) {
        const own = g.op('Slice', [tokens, g.ints([0]), g.ints([read]), g.ints([1])]);
        const narrowed =
          traits.reduction(spec) === 1 ? own : g.op('MatMul', [own, randomWeight(g, 'neck', [d, narrow], d)]);
        const together = g.op('Reshape', [narrowed, g.ints([0, 1, read * narrow])]);
        const head = randomWeight(g, 'head', [read * narrow, classes], read * narrow);
        return g.op('MatMul', [together, head], { name });
      },
    };
  };
