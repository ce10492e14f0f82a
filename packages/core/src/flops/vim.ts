/**
 * FLOPs of one image through a (pruned) Vim, from one walk over its blocks, in two profiles that must never be
 * mixed:
 *
 * - `paper` reproduces the six values the paper publishes: linear and convolution layers as multiply-adds, ONE
 *   of the two scan directions, the scan at 9 operations per token, channel and state, norms and activations
 *   free. Alignment `decay` charges 2·E·N for every token gone so far, in every later block.
 * - `strict` is the honest cost: 2 per multiply-add, 1 per other arithmetic operation (exp, softplus, SiLU,
 *   rsqrt and division included), both directions, and the pruning itself.
 *
 * L is the number of tokens entering a block, class token included. Under `mask` nothing becomes shorter.
 */
import type { PruningPlan, Reduction } from '../pruning/plan.ts';
import { checkScheduleDepth, tokenCounts, tokensPerBlock } from '../pruning/schedule.ts';
import { patchCount, sequenceLength, type VimSpec } from '../vim/spec.ts';

export const flopsProfiles = ['paper', 'strict'] as const;
export type FlopsProfile = (typeof flopsProfiles)[number];

export interface Flops {
  readonly profile: FlopsProfile;
  /** Operations as the profile counts them; divide by 1e9 for GFLOPs. */
  readonly total: number;
  readonly patchEmbed: number;
  /** One entry per block: the block, and the pruning step on leaving it if there is one (strict only). */
  readonly blocks: readonly { readonly tokens: number; readonly block: number; readonly pruning: number }[];
  readonly head: number;
  /** Live tokens: at first, then after each pruning step. */
  readonly tokens: readonly number[];
}

export function vimFlops(spec: VimSpec, plan: PruningPlan, profile: FlopsProfile): Flops {
  checkScheduleDepth(plan.schedule, spec.depth);
  const full = sequenceLength(spec);
  const masked = plan.alignment === 'mask';
  const live = tokensPerBlock(full, spec.depth, plan.schedule, plan.countClassToken);
  const perBlock = profile === 'paper' ? paperBlock : strictBlock;

  const blocks = live.map((liveTokens, index) => {
    const tokens = masked ? full : liveTokens;
    const gone = plan.alignment === 'decay' ? full - liveTokens : 0;
    const prunes = plan.schedule.some(({ after }) => after === index + 1);
    const kept = masked
      ? full
      : (live[index + 1] ?? tokenCounts(full, plan.schedule, plan.countClassToken).at(-1)!);
    return {
      tokens,
      block: perBlock(spec, tokens, gone) + (profile === 'strict' && index > 0 ? tokens * spec.width : 0),
      pruning: profile === 'strict' && prunes ? strictPruning(spec, plan, tokens, kept) : 0,
    };
  });
  const patchEmbed = profile === 'paper' ? paperPatchEmbed(spec) : strictPatchEmbed(spec);
  const head = profile === 'paper' ? spec.width * spec.classes : strictHead(spec);
  const total = blocks.reduce((sum, { block, pruning }) => sum + block + pruning, patchEmbed + head);
  return {
    profile,
    total,
    patchEmbed,
    blocks,
    head,
    tokens: tokenCounts(full, plan.schedule, plan.countClassToken),
  };
}

/** What strict FLOPs promise: dense / pruned. */
export function promisedSpeedup(spec: VimSpec, dense: PruningPlan, pruned: PruningPlan): number {
  return vimFlops(spec, dense, 'strict').total / vimFlops(spec, pruned, 'strict').total;
}

function patchMacs(spec: VimSpec): number {
  return patchCount(spec) * spec.inChannels * spec.patchSize ** 2 * spec.width;
}

function paperPatchEmbed(spec: VimSpec): number {
  return patchMacs(spec);
}

function paperBlock(spec: VimSpec, L: number, gone: number): number {
  const { width: d, innerWidth: E, dtRank: r, stateSize: N, convKernel: taps } = spec;
  const projections = 2 * L * d * E + L * E * d;
  const convolution = (L + taps - 1) * E * taps;
  const scan = L * E * (r + 2 * N) + L * r * E + 9 * L * E * N + 2 * L * E;
  return projections + convolution + scan + 2 * E * N * gone;
}

/** The projection with its bias, and the position embedding's addition. */
function strictPatchEmbed(spec: VimSpec): number {
  return 2 * patchMacs(spec) + patchCount(spec) * spec.width + sequenceLength(spec) * spec.width;
}

/** Norm, both projections, two directions, the gate's SiLU, and the mean of the directions. */
function strictBlock(spec: VimSpec, L: number, gone: number): number {
  const { width: d, innerWidth: E } = spec;
  const norm = 4 * L * d;
  const projections = 2 * L * d * 2 * E + 2 * L * E * d;
  const gateSilu = L * E;
  const mean = 2 * L * E;
  return norm + projections + gateSilu + mean + 2 * strictDirection(spec, L, gone);
}

function strictDirection(spec: VimSpec, L: number, gone: number): number {
  const { innerWidth: E, dtRank: r, stateSize: N, convKernel: taps } = spec;
  const convolution = 2 * taps * L * E + L * E;
  const projections = 2 * L * E * (r + 2 * N) + 2 * L * r * E;
  const delta = 2 * L * E;
  const scan = 7 * L * E * N + 3 * L * E;
  const gate = L * E;
  const alignment = gone > 0 ? 2 * L * E : 0;
  return convolution + projections + delta + scan + gate + alignment;
}

/** The last residual addition and norm on the class token alone, the classifier with its bias. */
function strictHead(spec: VimSpec): number {
  return spec.width + 4 * spec.width + 2 * spec.width * spec.classes + spec.classes;
}

/**
 * One pruning step: the scores over L tokens, a sort of L scores (L·log2 L comparisons), and moving K rows of
 * two streams (one operation per element; under `mask` one multiplication per element of all L rows).
 */
function strictPruning(spec: VimSpec, plan: PruningPlan, L: number, K: number): number {
  return scoring(spec, plan, L) + L * Math.ceil(Math.log2(L)) + 2 * K * spec.width;
}

function scoring(spec: VimSpec, plan: PruningPlan, L: number): number {
  const perElement: Record<Reduction, number> = { clip: 2, sum: 1, l1: 2, l2: 2 };
  switch (plan.signal) {
    case 'random':
      return 0;
    case 'evit':
      return 2 * L * spec.innerWidth;
    case 'gated':
    case 'gated-backward':
    case 'ssm':
      return perElement[plan.reduce] * L * spec.innerWidth + (plan.reduce === 'l2' ? L : 0);
    default:
      throw plan.signal satisfies never;
  }
}
