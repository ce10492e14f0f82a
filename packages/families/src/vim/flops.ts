/**
 * FLOPs of one image through a (pruned) Vim, from one walk over its blocks, in two profiles that must never be
 * mixed:
 *
 * - `paper` reproduces the six values the paper publishes: linear and convolution layers as multiply-adds, ONE
 *   of the two scan directions, the scan at 9 operations per token, channel and state, norms and activations
 *   free, and of a pruning rule its own products and scans, which the paper's has none of. Alignment `decay` charges 2·E·N for every token gone so far, in every later block.
 * - `strict` is the honest cost: 2 per multiply-add, 1 per other arithmetic operation (exp, softplus, SiLU,
 *   rsqrt and division included), both directions, and the pruning itself.
 *
 * L is the number of tokens entering a block, class token or registers included. Under `mask` nothing becomes shorter.
 */
import {
  countsPerBlock,
  type Flops,
  type FlopsProfile,
  type PruningPlan,
  pruningFlops,
  type StepWidths,
  stepCounts,
} from '@vssm/core';
import type { Family } from '../family.ts';
import { patchCount } from './spec.ts';
import { type BidirectionalSpec, type BidirectionalTraits, fullLength, readWidth } from './traits.ts';

export const bidirectionalFlops =
  <Spec extends BidirectionalSpec>(traits: BidirectionalTraits<Spec>): Family<Spec>['flops'] =>
  (spec, plan, profile) =>
    flops(traits, spec, plan, profile);

function flops<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
  plan: PruningPlan,
  profile: FlopsProfile,
): Flops {
  const full = fullLength(traits, spec);
  const masked = plan.alignment === 'mask';
  const counts = stepCounts(full, plan, traits.countRule(spec, plan));
  const live = countsPerBlock(counts, plan, spec.depth);
  const perBlock = (tokens: number, gone: number) =>
    profile === 'paper' ? paperBlock(spec, tokens, gone) : strictBlock(spec, tokens, gone, traits.share);

  const widths = stepWidths(traits, spec);
  const blocks = live.map((liveTokens, index) => {
    const tokens = masked ? full : liveTokens;
    const gone = plan.alignment === 'decay' ? full - liveTokens : 0;
    const prunes = plan.schedule.some(({ after }) => after === index + 1);
    const after = live[index + 1] ?? counts.at(-1)!;
    const kept = masked ? full : after;
    return {
      tokens,
      block: perBlock(tokens, gone) + (profile === 'strict' && index > 0 ? tokens * spec.width : 0),
      pruning: prunes
        ? pruningFlops(profile, widths, plan, { length: tokens, moved: kept, leaving: liveTokens - after }, 2)
        : 0,
    };
  });
  const patchEmbed = profile === 'paper' ? paperPatchEmbed(spec) : strictPatchEmbed(spec, full);
  const head = profile === 'paper' ? headMacs(traits, spec) : strictHead(traits, spec);
  const total = blocks.reduce((sum, { block, pruning }) => sum + block + pruning, patchEmbed + head);
  return {
    profile,
    total,
    patchEmbed,
    blocks,
    head,
    tokens: counts,
  };
}

/** What a pruning step's cost depends on: two directions with projections of their own. */
export function stepWidths<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
): StepWidths {
  const protectedTokens = traits.protectedTokens(spec).length;
  return { ...spec, projectionSets: 2, directions: 2, protectedTokens };
}

function patchMacs(spec: BidirectionalSpec): number {
  return patchCount(spec) * spec.inChannels * spec.patchSize ** 2 * spec.width;
}

function paperPatchEmbed(spec: BidirectionalSpec): number {
  return patchMacs(spec);
}

function paperBlock(spec: BidirectionalSpec, L: number, gone: number): number {
  const { width: d, innerWidth: E, dtRank: r, stateSize: N, convKernel: taps } = spec;
  const projections = 2 * L * d * E + L * E * d;
  const convolution = (L + taps - 1) * E * taps;
  const scan = L * E * (r + 2 * N) + L * r * E + 9 * L * E * N + 2 * L * E;
  return projections + convolution + scan + 2 * E * N * gone;
}

/** The projection with its bias, and the position embedding's addition to all tokens. */
function strictPatchEmbed(spec: BidirectionalSpec, full: number): number {
  return 2 * patchMacs(spec) + patchCount(spec) * spec.width + full * spec.width;
}

/** Norm, both projections, two directions, the gate's SiLU, and the mean (or sum) of the directions. */
function strictBlock(spec: BidirectionalSpec, L: number, gone: number, share: number): number {
  const { width: d, innerWidth: E } = spec;
  const norm = 4 * L * d;
  const projections = 2 * L * d * 2 * E + 2 * L * E * d;
  const gateSilu = L * E;
  const mean = (share === 1 ? 1 : 2) * L * E;
  return norm + projections + gateSilu + mean + 2 * strictDirection(spec, L, gone);
}

function strictDirection(spec: BidirectionalSpec, L: number, gone: number): number {
  const { innerWidth: E, dtRank: r, stateSize: N, convKernel: taps } = spec;
  const convolution = 2 * taps * L * E + L * E;
  const projections = 2 * L * E * (r + 2 * N) + 2 * L * r * E;
  const delta = 2 * L * E;
  const scan = 7 * L * E * N + 3 * L * E;
  const gate = L * E;
  const alignment = gone > 0 ? 2 * L * E : 0;
  return convolution + projections + delta + scan + gate + alignment;
}

/** The classifier, and the neck before it where there is one. */
function headMacs<Spec extends BidirectionalSpec>(traits: BidirectionalTraits<Spec>, spec: Spec): number {
  const read = traits.protectedTokens(spec).length;
  const narrow = readWidth(traits, spec);
  const neck = traits.reduction(spec) > 1 ? read * spec.width * narrow : 0;
  return neck + read * narrow * spec.classes;
}

/**
 * The last residual addition and norm on the protected tokens alone, the neck with its norm where there is one, the
 * classifier with its bias.
 */
export function strictHead<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
): number {
  const read = traits.protectedTokens(spec).length;
  const neckNorm = traits.reduction(spec) > 1 ? 4 * read * readWidth(traits, spec) : 0;
  return 5 * read * spec.width + neckNorm + 2 * headMacs(traits, spec) + spec.classes;
}
