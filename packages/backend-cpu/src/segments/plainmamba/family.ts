/** A PlainMamba around its pruning steps: no class token, and biases that would fill what a mask has emptied. */
import { type KeptOrder, keptOrder, mergesAfter, scanDirections, snakeOrders } from '@vssm/core';
import { gelu, softplus } from '@vssm/core/reference';
import { type PlainMambaSpec, plainMambaGrid, sequenceLength } from '@vssm/families';
import type { FamilyContext, Hooks } from '../family.ts';
import { namesOf, readBlocks } from '../hand-out.ts';
import { SnakeContributions } from './contributions.ts';
import { gridOf } from './mixer.ts';
import { placeLayerConvolutions } from './parameters.ts';

export function plainMambaHooks(context: FamilyContext<PlainMambaSpec>): Hooks {
  const { spec, plan, weights, arena, kernels, buffers, batch } = context;
  const { width: d } = spec;
  const { height, width } = plainMambaGrid(spec);
  const convolutions = placeLayerConvolutions(arena, spec, weights);
  const live = plan.alignment === 'mask' ? arena.float32(batch * sequenceLength(spec)) : undefined;
  const orders = snakeOrders(height, width);
  const own = (block: number, name: string) => weights.get(`backbone.layers.${block}.mamba.${name}`)!.data;
  const deltaBias = (block: number) => own(block, 'dt_proj.bias').map((bias) => 2 * bias);
  // A grid that is left is full, whichever cells its tokens are from.
  const walks = (positions: Int32Array, left: number) =>
    (left === 0 ? orders : snakeOrders(positions.length / left, left)).map((full) =>
      keptOrder(full, left === 0 ? positions : positions.map((_, cell) => cell)),
    );
  const contributions = contributionsByKernel(context, own, walks);
  return {
    streamsApart: false,
    ...(contributions !== undefined && { contributions }),
    scans(block, positions, decays, [{ delta, u, B, C }], columns) {
      const { stateSize: N } = spec;
      const steps = positions.map((_, step) => step);
      const directionB = own(block, 'direction_Bs');
      const A = own(block, 'A_log').map((value) => -Math.exp(value));
      const deltaOfNothing = deltaBias(block).map(softplus);
      return walks(positions, columns).map(({ order, moves, gaps }) => {
        const moved = B.map((value, i) => value + directionB[moves[Math.floor(i / N)] * N + (i % N)]);
        return {
          ...{ tokens: order, rows: steps, gaps: decays ? gaps : new Int32Array(steps.length) },
          ...{ delta, deltaOfNothing, B: moved, C, u, A },
        };
      });
    },
    begin() {
      live?.view().fill(1);
    },
    extras: (signals) => ({
      directions: signals.has('y') ? scanDirections : 0,
      sum: signals.has('ssm'),
      gatedBackward: false,
    }),
    outProjection: (block) => ({
      weight: own(block, 'out_proj.weight'),
      bias: own(block, 'out_proj.bias'),
    }),
    // Upstream adds dt_proj's bias twice, once in the projection and once in the scan.
    deltaBiases: (block) => [deltaBias(block)],
    convolveLayer({ block, batch: images, length, positionalTaps, columns: own }, from, to) {
      const { height: rows, width: columns } = gridOf(spec, length, own);
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
      // What merges is what the layer returns; else the next segment does it.
      if (!mergesAfter(plan, block)) return;
      const view = to.view().subarray(0, images * length * d);
      for (const [i, value] of view.entries()) view[i] = gelu(value);
    },
    mask(_, places) {
      for (const [image, own] of places.live!.entries()) live!.view().set(own, image * places.length);
    },
    live,
    readByHead: ({ live: alive }) => alive?.map(indicesOfOnes),
    headAxes: (images, tokens) => [images, tokens],
  };
}

/** Takes room and places parameters only where contributions are read. */
function contributionsByKernel(
  context: FamilyContext<PlainMambaSpec>,
  own: (block: number, name: string) => Float32Array,
  walks: (positions: Int32Array, columns: number) => readonly KeptOrder[],
): Hooks['contributions'] {
  if (!namesOf(context).has('contributions')) return undefined;
  const { spec, arena, kernels } = context;
  const scan = new SnakeContributions(kernels, arena, spec, sequenceLength(spec));
  const parameters = new Map(
    readBlocks(context).map((block) => {
      const values = own(block, 'A_log');
      const a = arena.place(values.map((value) => -Math.exp(value))).at;
      return [block, { a, directionB: own(block, 'direction_Bs') }];
    }),
  );
  return (block, [set], z, positions, tokens, columns) =>
    scan.run(
      set,
      parameters.get(block)!,
      walks(tokens.positions, columns),
      z,
      positions !== undefined,
      tokens,
    );
}

function indicesOfOnes(mask: Uint8Array): Int32Array {
  return Int32Array.from([...mask.keys()].filter((token) => mask[token] === 1));
}
