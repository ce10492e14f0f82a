/** One call of a rule: its signals fetched, what it returns checked. */
import { UserError } from '../../errors.ts';
import { type RuleFile, ruleFileOf, ruleOf, type ScoringPlan } from './loaded.ts';
import { reduceSignal, reductions, reductionTable } from './reductions.ts';
import {
  type Rule,
  type ScoringRule,
  type SignalName,
  type SignalValues,
  signalNames,
  type TokenContext,
  type Tokens,
} from './rule.ts';

/** A mixer's signals, each computed when it is asked for. */
export type SignalSource = {
  readonly [Name in SignalName]?: (context: TokenContext) => SignalValues[Name];
};

/**
 * Scores of one image's tokens, [L]; the higher ones stay.
 *
 * @throws UserError naming file, block and image where a rule file throws, or returns anything but L finite numbers
 */
export function scoreTokens(
  plan: ScoringPlan,
  context: TokenContext,
  source: SignalSource,
): ArrayLike<number> {
  const rule = ruleOf(plan);
  if (rule.score === undefined) throw new Error(`rule "${rule.name}" pairs tokens and scores none`);
  const own = ruleFileOf(plan);
  const tokens = tokensOf(rule, context, source);
  return own === undefined ? rule.score(tokens) : scoresOf(own, rule, tokens);
}

/** What a file's rule returns, checked. @throws UserError */
export function scoresOf(own: RuleFile, rule: ScoringRule, tokens: Tokens): ArrayLike<number> {
  const fail = failureOf(own, tokens);
  let scores: ArrayLike<number>;
  try {
    scores = rule.score(tokens);
  } catch (error) {
    return fail(`score() threw ${String(error)}`, error);
  }
  const { length } = tokens;
  if (!isArrayLike(scores)) return fail(`score() returned ${describe(scores)}; return one number per token`);
  if (scores.length !== length) {
    return fail(`score() returned ${scores.length} scores for ${length} tokens; return one per token`);
  }
  for (let token = 0; token < length; token++) {
    // Not the global isFinite, which would take text that looks like a number.
    if (!Number.isFinite(scores[token])) {
      return fail(
        `score() returned ${describe(scores[token])} for token ${token}; every score is a finite number`,
      );
    }
  }
  return scores;
}

/** Throws a UserError that names a rule's file, and where it was called. */
export function failureOf(
  { file }: RuleFile,
  { block, sample }: Pick<TokenContext, 'block' | 'sample'>,
): (what: string, cause?: unknown) => never {
  return (what, cause) => {
    throw new UserError(`rule ${file}, after block ${block}, image ${sample}: ${what}`, { cause });
  };
}

/** The context with the signals that the rule names, and what reduces their rows; reading another signal throws. */
export function tokensOf(rule: Rule, context: TokenContext, source: SignalSource): Tokens {
  const values: Record<string, unknown> = { ...context, reduce: reducing(context) };
  for (const name of signalNames) {
    if (rule.signals.includes(name)) {
      const read = source[name];
      if (read === undefined) {
        throw new UserError(`rule "${rule.name}" reads "${name}", which is not handed out here`);
      }
      values[name] = read(context);
    } else {
      Object.defineProperty(values, name, {
        get() {
          throw new Error(`it reads "${name}", which its signals (${rule.signals.join(', ')}) do not name`);
        },
      });
    }
  }
  return values as unknown as Tokens;
}

/**
 * What a rule reduces rows with: a reduction by its name, of as many rows as there are tokens. What is wrong is an Error for
 * the rule's caller, who knows its file.
 */
export function reducing({ length }: Pick<TokenContext, 'length'>): Tokens['reduce'] {
  return (rows, how) => {
    if (!reductions.includes(how))
      throw new Error(`reduce: there is no reduction "${how}", only ${reductions.join(', ')}`);
    if (rows.length % length !== 0)
      throw new Error(`reduce: ${rows.length} numbers are no rows of ${length} tokens; give a whole signal`);
    return reduceSignal(rows, length, rows.length / length, reductionTable[how]);
  };
}

const ones = new Map<number, Int32Array>();

/** Sizes of tokens that stand for themselves alone, [L]. */
export function unmergedSizes(length: number): Int32Array {
  const known = ones.get(length) ?? new Int32Array(length).fill(1);
  ones.set(length, known);
  return known;
}

export function isArrayLike(value: unknown): value is ArrayLike<number> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

export function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? value.constructor.name : String(value);
}
