/** A Vim around its pruning steps: the class token is what everything else is judged by, and all that is read. */
import type { BidirectionalModel } from '@vssm/families';
import type { FamilyContext, Hooks, Stream } from '../family.ts';
import type { Places } from '../prune.ts';

export function vimHooks({ spec, kernels, buffers }: FamilyContext<BidirectionalModel>): Hooks {
  const { innerWidth: E } = spec;
  return {
    begin() {},
    scoreSimilarity(batch, { length, classTokens }) {
      kernels.dotScore({
        batch,
        length,
        channels: E,
        rows: { at: buffers.y.at, stride: E },
        classToken: classTokens!,
        scores: buffers.scores.at,
      });
    },
    convolveLayer() {
      throw new Error('no block of a Vim ends in a convolution');
    },
    mask(streams, places) {
      for (const stream of streams) zeroDeadRows(stream, places);
    },
    nextInputs: () => ({}),
    readByHead: ({ classTokens }) => classTokens!.map((token) => Int32Array.of(token)),
    headAxes: (images) => [images],
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
