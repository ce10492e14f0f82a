/** A PlainMamba around its pruning steps: no class token, and biases that would fill what a mask has emptied. */
import { scanDirections } from '@vssm/core';
import { type PlainMambaSpec, plainMambaGrid, sequenceLength } from '@vssm/families';
import { segmentNames } from '@vssm/graph';
import type { FamilyContext, Hooks } from '../family.ts';
import { placeLayerConvolutions } from './parameters.ts';

export function plainMambaHooks(context: FamilyContext<PlainMambaSpec>): Hooks {
  const { spec, plan, weights, arena, kernels, buffers, runner, batch } = context;
  const { width: d } = spec;
  const { height: rows, width: columns } = plainMambaGrid(spec);
  const convolutions = placeLayerConvolutions(arena, spec, weights);
  /** [rows, 1] */
  const live = plan.alignment === 'mask' ? arena.float32(batch * sequenceLength(spec)) : undefined;
  return {
    begin() {
      live?.view().fill(1);
    },
    extras: (signals) => ({
      directions: signals.has('y') ? scanDirections : 0,
      sum: signals.has('ssm'),
      gatedBackward: false,
    }),
    outProjection: (block) => {
      const own = (name: string) => weights.get(`backbone.layers.${block}.mamba.out_proj.${name}`)!.data;
      return { weight: own('weight'), bias: own('bias') };
    },
    // Upstream adds dt_proj's bias twice, once in the projection and once in the scan.
    deltaBiases: (block) => [
      weights.get(`backbone.layers.${block}.mamba.dt_proj.bias`)!.data.map((bias) => 2 * bias),
    ],
    convolveLayer({ block, batch: images, length, positionalTaps }, from, to) {
      const { taps, bias } = convolutions.get(block)!;
      kernels.gridConv({
        batch: images,
        length,
        channels: d,
        kernel: 3,
        rows,
        columns,
        x: { at: from.at, stride: d },
        weight: taps,
        bias,
        ...(positionalTaps && { cells: buffers.positions.at }),
        activation: 'none',
        u: { at: to.at, stride: d },
      });
    },
    mask(_, places) {
      for (const [image, own] of places.live!.entries()) live!.view().set(own, image * places.length);
    },
    nextInputs: (count) =>
      live === undefined ? {} : { [segmentNames.live]: runner.tensor(live, [count, 1]) },
    readByHead: ({ live: alive }) => alive?.map(indicesOfOnes),
    headAxes: (images, tokens) => [images, tokens],
  };
}

function indicesOfOnes(mask: Uint8Array): Int32Array {
  return Int32Array.from([...mask.keys()].filter((token) => mask[token] === 1));
}
