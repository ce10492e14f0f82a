/** Vim's blocks around their pruning steps: the classifier reads the protected tokens alone. */
import { gaps } from '@vssm/core';
import { softplus } from '@vssm/core/reference';
import { type BidirectionalModel, directionParameterNames, sequenceLength } from '@vssm/families';
import { ContributionScan } from '../contribution-scan.ts';
import type { FamilyContext, Hooks, Stream } from '../family.ts';
import { namesOf, readBlocks } from '../hand-out.ts';
import type { Places } from '../prune.ts';

const directions = ['forward', 'backward'] as const;

export function vimHooks(context: FamilyContext<BidirectionalModel>): Hooks {
  const { weights } = context;
  const own = (block: number, name: string) => weights.get(`layers.${block}.mixer.${name}`)!.data;
  const contributions = contributionsByKernel(context, own);
  return {
    streamsApart: true,
    ...(contributions !== undefined && { contributions }),
    scans(block, positions, decays, sets) {
      return directions.map((direction, set) => {
        const { aLog, dtProj } = directionParameterNames[direction];
        const tokens = positions.map((_, step) => step);
        const inSteps = positions.slice();
        if (direction === 'backward') {
          tokens.reverse();
          inSteps.reverse();
        }
        return {
          ...sets[set],
          ...{ tokens, rows: tokens, gaps: decays ? gaps(inSteps) : new Int32Array(tokens.length) },
          A: own(block, aLog).map((value) => -Math.exp(value)),
          deltaOfNothing: own(block, `${dtProj}.bias`).map(softplus),
        };
      });
    },
    begin() {},
    extras(signals) {
      const directions = signals.has('y') || signals.has('ssm');
      return {
        directions: directions ? 2 : 0,
        sum: false,
        gatedBackward: signals.has('gated-backward') && !directions,
      };
    },
    outProjection: (block) => ({ weight: own(block, 'out_proj.weight') }),
    deltaBiases: (block) =>
      directions.map((direction) => own(block, `${directionParameterNames[direction].dtProj}.bias`)),
    convolveLayer() {
      throw new Error('no block of a Vim ends in a convolution');
    },
    mask(streams, places) {
      for (const stream of streams) zeroDeadRows(stream, places);
    },
    live: undefined,
    readByHead: ({ protectedTokens }) => protectedTokens,
    headAxes: (images, tokens) => [images * tokens],
  };
}

/** Takes room and places parameters only where the plan's rule reads contributions. */
function contributionsByKernel(
  context: FamilyContext<BidirectionalModel>,
  own: (block: number, name: string) => Float32Array,
): Hooks['contributions'] {
  const { spec, arena, kernels } = context;
  if (!namesOf(context).has('contributions')) return undefined;
  const scan = new ContributionScan(kernels, arena, spec, sequenceLength(spec));
  const decays = new Map(
    readBlocks(context).map((block) => [
      block,
      directions.map((direction) => {
        const values = own(block, directionParameterNames[direction].aLog);
        return arena.place(values.map((value) => -Math.exp(value))).at;
      }),
    ]),
  );
  return (block, sets, z, positions, tokens) => {
    const scans = directions.map((direction, set) => ({
      ...sets[set],
      ...{ direction, a: decays.get(block)![set] },
      ...(positions !== undefined && { positions }),
    }));
    return scan.run(scans, z, tokens);
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
