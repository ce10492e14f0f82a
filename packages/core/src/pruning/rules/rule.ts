/**
 * What ranks tokens: the type that every pruning rule has, built in or a user's own file (`--rule my-rule.ts`).
 *
 *     export default {
 *       name: 'mean-delta',
 *       signals: ['delta'],
 *       score: ({ length, channels, delta }) => …one number per token; the higher ones stay…
 *     } satisfies Rule<'delta'>;
 *
 * A rule reads signals, which the block's mixer hands out where a pruning step follows it and only if the rule names
 * them, and says which tokens leave: by scores, or by pairs of a leaving token and the one that it joins. What becomes
 * of them is the plan's operation (../operation.ts).
 *
 * L tokens, E channels inside the mixer (`channels`), N states, d channels of the token stream (`width`). Arrays are
 * row-major, each token's row in its own place in the current sequence.
 */

import type { Pair } from '../operation.ts';
import type { ReductionName } from './reductions.ts';

/** float64 from the reference, float32 from a backend. Valid during the call only, and not to be written to. */
export type Floats = Float32Array | Float64Array;

export interface SignalValues {
  /** [L, E]: what enters the output projection, all directions combined and gated with SiLU(z). */
  readonly gated: Floats;
  /** [L, E]: the backward direction's y, gated; of families that have one. */
  readonly 'gated-backward': Floats;
  /** [L, E]: the sum of all directions' y, not gated. */
  readonly ssm: Floats;
  /** [L, E] for each scan direction: its y = C·h + D u. Vim: forward, backward; PlainMamba: its four snakes. */
  readonly y: readonly Floats[];
  /**
   * [L, E] for each set of projections: Δ after bias and softplus. Vim: forward, backward; PlainMamba: one that all
   * directions share. Δ, B and C belong to the token in whose row they stand; PlainMamba's directions use them by
   * the step of the scan, and add a vector for the step's move to B.
   */
  readonly delta: readonly Floats[];
  /** [L, N] each, for each set of projections. */
  readonly B: readonly Floats[];
  readonly C: readonly Floats[];
  /** [L, E] for each set of projections: what the scan reads, after convolution and SiLU. */
  readonly u: readonly Floats[];
  /** [L, E]: what the scan's output is gated with, before its SiLU. */
  readonly z: Floats;
  /** The recurrence of each scan direction. */
  readonly scans: readonly ScanSteps[];
  /**
   * [L, E]: what the tokens that the classifier reads have read of each token through this block's state, gated, all
   * directions together; see contributions.ts. Costs as much as a scan.
   */
  readonly contributions: Floats;
  /** [L, d]: the mixer's output. */
  readonly hidden: Floats;
  /** [L, d]: the stream that entered the block's norm, to which `hidden` will be added. */
  readonly residual: Floats;
}

/**
 * One scan direction as it has run, step by step: at step m it visits token t = tokens[m], with r = rows[m],
 *
 *     h_m = exp((Δ_r + gaps[m] · Δ∅) A) h_{m-1} + Δ_r B_r u_t        y_t = C_r · h_m + D u_t
 *
 * In Vim r is the token itself; PlainMamba's directions share Δ, B and C by the step, r = m.
 */
export interface ScanSteps {
  /** [L] each */
  readonly tokens: Int32Array;
  readonly rows: Int32Array;
  /** [L]: tokens that are gone and that the step's decay makes up for; 0 except under alignment `decay`. */
  readonly gaps: Int32Array;
  /** [L, E], after bias and softplus. */
  readonly delta: Floats;
  /** [E]: Δ∅, that of a token without input. */
  readonly deltaOfNothing: Floats;
  /** [L, N] each. B has the vector of the step's move added to it, where a family has one. */
  readonly B: Floats;
  readonly C: Floats;
  /** [L, E] */
  readonly u: Floats;
  /** [E, N], negative */
  readonly A: Floats;
}

export type SignalName = keyof SignalValues;

/** In the order of the documentation. */
export const signalNames = [
  'gated',
  'gated-backward',
  'ssm',
  'y',
  'delta',
  'B',
  'C',
  'u',
  'z',
  'scans',
  'contributions',
  'hidden',
  'residual',
] as const satisfies readonly SignalName[];

/** Who leaves and whom each joins; and, of a rule that arranges those that stay, these in their new order. */
export interface Paired {
  readonly pairs: readonly Pair[];
  readonly order?: readonly number[];
}

/** Rows and columns of a grid of tokens. */
export interface GridSides {
  readonly height: number;
  readonly width: number;
}

/** The tokens of one image at one pruning step, beside their signals. */
export interface TokenContext {
  /** L */
  readonly length: number;
  /** E, N and d. */
  readonly channels: number;
  readonly states: number;
  readonly width: number;
  /** [L]: each token's index in the unpruned sequence, the class token's slot included. */
  readonly positions: Int32Array;
  /** [L]: how many tokens of the unpruned sequence each one stands for. */
  readonly sizes: Int32Array;
  /** Indices in the current sequence of the tokens that never leave, rising: class token, registers; may be none. */
  readonly protectedTokens: Int32Array;
  /** The one of them in a family that has exactly one, as Vim; null where there is none, or several registers. */
  readonly classToken: number | null;
  /** Under alignment `mask`: 1 where a token lives, [L]; null where those that left are gone. */
  readonly live: Uint8Array | null;
  /** Where all tokens fill a grid, row by row: before any step of a family without other tokens, or as `grid` of a rule left it. */
  readonly grid?: GridSides;
  /** Length of the unpruned sequence. */
  readonly fullLength: number;
  /** The 1-based block that has just run, and the 0-based step of the schedule. */
  readonly block: number;
  readonly step: number;
  /** Stable index of the image in its data set. */
  readonly sample: number;
}

/** What a rule is given: the context, the signals that the rule names, and the fast way from their rows to scores. */
export type Tokens<Name extends SignalName = SignalName> = TokenContext &
  Pick<SignalValues, Name> & {
    /**
     * Each row of a signal as one number, as `--reduce` has it, by the backend's kernels where the signal is theirs.
     *
     * @param rows [L, any width]
     * @returns [L]
     */
    readonly reduce: (rows: Floats, how: ReductionName) => Float64Array;
  };

/** Sizes that a rule's cost depends on. */
export interface RuleShape {
  readonly length: number;
  readonly channels: number;
  readonly states: number;
  readonly width: number;
  /** Sets of projections of Δ, B and C; and scan directions. */
  readonly projectionSets: number;
  readonly directions: number;
  /** Tokens that never leave, and how many of the others do. */
  readonly protectedTokens: number;
  readonly leaving: number;
}

/** What a rule may be called: it stands in ids of rows and in file names. */
export const ruleNamePattern = /^[a-z0-9][a-z0-9-]{0,39}$/;

interface RuleHead<Name extends SignalName> {
  /** Lower-case letters, digits and hyphens; what reports call it. */
  readonly name: string;
  readonly signals: readonly Name[];
  /** One sentence for reports. */
  readonly explanation?: string;
  /** What the rule's own work for one image at one step costs in the strict profile; default: not counted. */
  readonly flops?: (shape: RuleShape) => number;
  /** The same in the paper's profile, which knows matrix products, in multiply-adds, and scans; default: nothing. */
  readonly paperFlops?: (shape: RuleShape) => number;
}

/** Ranks tokens. */
export interface ScoringRule<Name extends SignalName = SignalName> extends RuleHead<Name> {
  /** One number per token, [L]; the highest stay, the lowest position first among equals. */
  score(tokens: Tokens<Name>): ArrayLike<number>;
  readonly pair?: undefined;
}

/** Says which token leaves and where it goes. */
export interface PairingRule<Name extends SignalName = SignalName> extends RuleHead<Name> {
  /**
   * As many pairs as tokens leave, the surest first: indices of the leaving token and of the one that it joins. Every
   * token leaves at most once, none that leaves is joined, and protected tokens neither leave nor are joined.
   */
  pair(tokens: Tokens<Name>, leaving: number): readonly Pair[];
  /** How many of so many tokens, protected ones aside, can leave in one step; default: all but one. */
  most?(others: number): number;
  /**
   * Of rules whose tokens fill a grid before and after: the grid of so many tokens that is left; undefined where there is
   * none. Later blocks read what is left as that grid.
   */
  grid?(grid: GridSides, kept: number): GridSides | undefined;
  /** Of the same rules, instead of `pair`: the pairs, and the tokens that stay, row by row of the grid that is left. */
  arrange?(tokens: Tokens<Name>, leaving: number): Required<Paired>;
  readonly score?: undefined;
}

export type Rule<Name extends SignalName = SignalName> = ScoringRule<Name> | PairingRule<Name>;

/** For a rule that is written inside the project: infers `Name` from `signals`. @public */
export function defineRule<const Name extends SignalName>(rule: Rule<Name>): Rule<Name> {
  return rule;
}
