/** The cost of a pruning step, the same for every family. */
import type { Operation } from '../pruning/operation.ts';
import type { PruningPlan } from '../pruning/plan.ts';
import { ruleOf } from '../pruning/rules/loaded.ts';
import type { RuleShape } from '../pruning/rules/rule.ts';
import type { FlopsProfile } from './profile.ts';

/** What a step's cost depends on beside lengths. d: channels of the token stream. E: channels inside the mixer. */
export interface StepWidths {
  readonly width: number;
  readonly innerWidth: number;
  readonly stateSize: number;
  readonly projectionSets: number;
  readonly directions: number;
  readonly protectedTokens: number;
}

/** Tokens that a step finds in the sequence, that it moves, and that leave; under `mask` it moves all that it finds. */
export interface StepLengths {
  readonly length: number;
  readonly moved: number;
  readonly leaving: number;
}

/**
 * One pruning step. `paper`: the matrix products and scans of the rule itself, which has none if it is the paper's.
 * `strict`: the rule's work, for scores also a sort of L of them (L·log2 L comparisons); merging; and moving K rows of
 * `streams` streams (one operation per element; under `mask` one multiplication per element of all L rows).
 */
export function pruningFlops(
  profile: FlopsProfile,
  widths: StepWidths,
  plan: PruningPlan,
  lengths: StepLengths,
  streams: number,
): number {
  const rule = ruleOf(plan);
  const shape = shapeOf(widths, lengths);
  if (profile === 'paper') return rule.paperFlops?.(shape) ?? 0;
  const { length: L, moved, leaving } = lengths;
  const sort = rule.score === undefined ? 0 : L * Math.ceil(Math.log2(L));
  const merged = mergingFlops(plan.operation ?? 'drop', leaving, streams) * widths.width;
  return (rule.flops?.(shape) ?? 0) + sort + merged + streams * moved * widths.width;
}

/** The rule's own work, strict. */
export function strictScoring(widths: StepWidths, plan: PruningPlan, lengths: StepLengths): number {
  return ruleOf(plan).flops?.(shapeOf(widths, lengths)) ?? 0;
}

function shapeOf(
  { width, innerWidth: channels, stateSize: states, ...rest }: StepWidths,
  { length, leaving }: StepLengths,
): RuleShape {
  const { projectionSets, directions, protectedTokens } = rest;
  return { length, channels, states, width, projectionSets, directions, protectedTokens, leaving };
}

/**
 * Rows' worth of operations: a mean costs a product and a sum for each row that joins, and a product for the row that
 * it joins; a sum only the sum.
 */
function mergingFlops(operation: Operation, leaving: number, streams: number): number {
  switch (operation) {
    case 'drop':
      return 0;
    case 'merge':
      return 3 * leaving * streams;
    case 'merge-sum':
      return leaving * streams;
    case 'half':
      return 3 * (Math.ceil(leaving / 2) + leaving * (streams - 1));
    default:
      throw operation satisfies never;
  }
}
