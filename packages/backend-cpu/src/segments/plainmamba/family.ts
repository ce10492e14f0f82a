/** A PlainMamba around its pruning steps: no class token, and biases that would fill what a mask has emptied. */
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
    scoreSimilarity(images, places) {
      const { innerWidth: E } = spec;
      const gated = buffers.y.view();
      const scores = buffers.scores.view();
      for (let image = 0; image < images; image++) {
        const first = image * places.length;
        const own = gated.subarray(first * E, (first + places.length) * E);
        scores.set(similarityToMean(own, E, places.live?.[image]), first);
      }
    },
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

/** Dot product of each row with the mean of those that live. rows [K, E] → [K] */
function similarityToMean(rows: Float32Array, E: number, live: Uint8Array | undefined): Float32Array {
  const length = rows.length / E;
  const mean = new Float64Array(E);
  let count = 0;
  for (let token = 0; token < length; token++) {
    if (live?.[token] === 0) continue;
    count++;
    for (let channel = 0; channel < E; channel++) mean[channel] += rows[token * E + channel];
  }
  return Float32Array.from({ length }, (_, token) => {
    let dot = 0;
    for (let channel = 0; channel < E; channel++) dot += mean[channel] * rows[token * E + channel];
    return dot / count;
  });
}

function indicesOfOnes(mask: Uint8Array): Int32Array {
  return Int32Array.from([...mask.keys()].filter((token) => mask[token] === 1));
}
