/** Vim's blocks around their pruning steps: the classifier reads the protected tokens alone. */
import { type BidirectionalModel, directionParameterNames } from '@vssm/families';
import type { FamilyContext, Hooks, Stream } from '../family.ts';
import type { Places } from '../prune.ts';

export function vimHooks({ weights }: FamilyContext<BidirectionalModel>): Hooks {
  return {
    begin() {},
    extras(signals) {
      const directions = signals.has('y') || signals.has('ssm');
      return {
        directions: directions ? 2 : 0,
        sum: false,
        gatedBackward: signals.has('gated-backward') && !directions,
      };
    },
    outProjection: (block) => ({ weight: weights.get(`layers.${block}.mixer.out_proj.weight`)!.data }),
    deltaBiases: (block) =>
      (['forward', 'backward'] as const).map(
        (direction) =>
          weights.get(`layers.${block}.mixer.${directionParameterNames[direction].dtProj}.bias`)!.data,
      ),
    convolveLayer() {
      throw new Error('no block of a Vim ends in a convolution');
    },
    mask(streams, places) {
      for (const stream of streams) zeroDeadRows(stream, places);
    },
    nextInputs: () => ({}),
    readByHead: ({ protectedTokens }) => protectedTokens,
    headAxes: (images, tokens) => [images * tokens],
  };
}

/** The rows of pruned tokens become zero, and stay so, since nothing in a block has a bias there. */
function zeroDeadRows({ rows, width }: Stream, { live, length }: Places): void {
  const view = rows.view();
  for (const [image, mask] of live!.entries()) {
    for (let token = 0; token < length; token++) {
      const at = (image * length + token) * width;
      if (mask[token] === 0) view.fill(0, at, at + width);
    }
  }
}
