/**
 * FLOPs of one image through a (pruned) PlainMamba, from one walk over its layers.
 *
 * - `paper`: linear and convolution layers as multiply-adds, four scans at 9 operations per token, channel and
 *   state, LayerNorm 5 and BatchNorm 2 per element, activations free. Alignment `decay` charges 2·E·N per direction
 *   for every token gone so far, in every later layer. It comes within 0.06 GFLOPs of upstream's one-decimal values.
 * - `strict`: 2 per multiply-add, 1 per other arithmetic operation, and the pruning itself. Every direction pays
 *   for its own exponentials, also where an implementation shares them.
 *
 * L is the number of tokens entering a layer. Under `mask` nothing becomes shorter.
 */
import {
  countsPerBlock,
  type Flops,
  type FlopsProfile,
  type PruningPlan,
  pruningFlops,
  type StepWidths,
  scanDirections,
  stepCounts,
} from '@vssm/core';
import { cellCount, type PlainMambaSpec, stemSize } from './spec.ts';

export function plainMambaFlops(spec: PlainMambaSpec, plan: PruningPlan, profile: FlopsProfile): Flops {
  const strict = profile === 'strict';
  const full = cellCount(spec);
  const counts = stepCounts(full, plan, 'every-token');
  const live = countsPerBlock(counts, plan, spec.depth);
  const masked = plan.alignment === 'mask';
  const lengthOf = (liveTokens: number) => (masked ? full : liveTokens);

  const widths = stepWidths(spec);
  const blocks = live.map((liveTokens, layer) => {
    const tokens = lengthOf(liveTokens);
    const gone = plan.alignment === 'decay' ? full - liveTokens : 0;
    const after = live[layer + 1] ?? counts.at(-1)!;
    const prunes = plan.schedule.some(({ after }) => after === layer + 1);
    const depthwise = spec.depthwiseLayers.includes(layer) ? tokens * spec.width * (strict ? 21 : 11) : 0;
    return {
      tokens,
      block: (strict ? strictLayer(spec, tokens, gone) : paperLayer(spec, tokens, gone)) + depthwise,
      pruning: prunes
        ? pruningFlops(
            profile,
            widths,
            plan,
            { length: tokens, moved: lengthOf(after), leaving: liveTokens - after },
            1,
          )
        : 0,
    };
  });
  const patchEmbed = strict ? strictStem(spec) : paperStem(spec);
  const last = lengthOf(counts.at(-1)!);
  const head = strict
    ? 7 * last * spec.width + last * spec.width + spec.width + 2 * spec.width * spec.classes + spec.classes
    : 5 * last * spec.width + spec.width * spec.classes;
  return {
    profile,
    total: blocks.reduce((sum, { block, pruning }) => sum + block + pruning, patchEmbed + head),
    patchEmbed,
    blocks,
    head,
    tokens: counts,
  };
}

/** What a pruning step's cost depends on: four directions that share their projections. */
export function stepWidths(spec: PlainMambaSpec): StepWidths {
  return { ...spec, projectionSets: 1, directions: scanDirections, protectedTokens: 0 };
}

/** Multiply-adds of the stem's convolutions and of the projection, and the stem's elements per normed layer. */
function stem(spec: PlainMambaSpec): { readonly macs: number; readonly elements: number } {
  const { inChannels, stemWidth, stemConvs, patchSize, width } = spec;
  const { height, width: columns } = stemSize(spec);
  const pixels = height * columns;
  const convolutions = pixels * inChannels * 49 * stemWidth + stemConvs * pixels * stemWidth ** 2 * 9;
  const projection = cellCount(spec) * (patchSize / 2) ** 2 * stemWidth * width;
  return { macs: convolutions + projection, elements: (1 + stemConvs) * pixels * stemWidth };
}

function paperStem(spec: PlainMambaSpec): number {
  const { macs, elements } = stem(spec);
  return macs + 2 * elements;
}

/** BatchNorm (folded: one multiply, one add) and ReLU; the projection's bias; the position embedding. */
function strictStem(spec: PlainMambaSpec): number {
  const { macs, elements } = stem(spec);
  return 2 * macs + 3 * elements + 2 * cellCount(spec) * spec.width;
}

function paperLayer(spec: PlainMambaSpec, L: number, gone: number): number {
  const { width: d, innerWidth: E, dtRank: r, stateSize: N, convKernel } = spec;
  const norm = 5 * L * d;
  const projections = 2 * L * d * E + L * E * d + L * E * (r + 2 * N) + L * r * E;
  const convolution = convKernel ** 2 * L * E;
  const scan = 9 * L * E * N + L * E;
  return norm + projections + convolution + scanDirections * (scan + 2 * E * N * gone);
}

/**
 * LayerNorm and residual; projections with their biases; the 7x7 convolution, its bias included, and SiLU; Δ's bias and softplus
 * once; per direction the move's vector added to B, the scan, and the sum over directions; the gate.
 */
function strictLayer(spec: PlainMambaSpec, L: number, gone: number): number {
  const { width: d, innerWidth: E, dtRank: r, stateSize: N, convKernel } = spec;
  const stream = 7 * L * d + L * d;
  const dense = 2 * L * d * 2 * E + 2 * L * E + 2 * L * E * d + L * d;
  const convolution = 2 * convKernel ** 2 * L * E + L * E;
  const delta = 2 * L * E * (r + 2 * N) + 2 * L * r * E + 2 * L * E;
  const scan = L * N + 7 * L * E * N + 3 * L * E + (gone > 0 ? 2 * L * E : 0);
  const sumAndGate = (scanDirections - 1) * L * E + 2 * L * E;
  return stream + dense + convolution + delta + scanDirections * scan + sumAndGate;
}
