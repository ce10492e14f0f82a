/** One call of a rule that pairs: its signals fetched, what it returns checked. */
import { UserError } from '../../errors.ts';
import type { Pair } from '../operation.ts';
import { ruleFileOf, ruleOf, type ScoringPlan } from './loaded.ts';
import { matched } from './matched.ts';
import { unprotected } from './ranking.ts';
import type { Paired, PairingRule, ScoringRule, TokenContext, Tokens } from './rule.ts';
import { describe, failureOf, isArrayLike, type SignalSource, scoresOf, tokensOf } from './score-tokens.ts';

/**
 * Which of one image's tokens leave, and which token each of them joins.
 *
 * @param leaving how many leave
 * @throws UserError where that many cannot, or a rule file throws or returns pairs that do not go together
 */
export function pairTokens(
  plan: ScoringPlan,
  context: TokenContext,
  source: SignalSource,
  leaving: number,
): Paired {
  const others = unprotected(context);
  const own = ruleFileOf(plan);
  const rule = own?.rule.score === undefined ? ruleOf(plan) : matched(checked(own.rule), plan.metric!);
  if (rule.pair === undefined) throw new Error(`rule "${rule.name}" scores tokens and pairs none`);
  checkLeaving(rule, others.length, leaving, context.block);
  const tokens = tokensOf(rule, context, source);
  if (own === undefined) return rule.arrange?.(tokens, leaving) ?? { pairs: rule.pair(tokens, leaving) };
  const fail = failureOf(own, context);
  let pairs: readonly Pair[];
  try {
    pairs = rule.pair(tokens, leaving);
  } catch (error) {
    if (error instanceof UserError) throw error;
    return fail(`pair() threw ${String(error)}`, error);
  }
  const wrong = mistakeIn(pairs, leaving, new Set(others));
  return wrong === undefined ? { pairs } : fail(wrong);

  function checked(scoring: ScoringRule): ScoringRule {
    return { ...scoring, score: (own_: Tokens) => scoresOf(own!, scoring, own_) };
  }
}

/**
 * Also told from lengths alone, before a run.
 *
 * @param fix what to do instead
 * @throws UserError where so many of the tokens cannot leave at once
 */
export function checkLeaving(
  { name, most = allButOne }: Pick<PairingRule, 'name' | 'most'>,
  others: number,
  leaving: number,
  block: number,
  fix = 'keep more there',
): void {
  if (leaving <= most(others)) return;
  throw new UserError(
    `rule "${name}": ${leaving} of ${others} tokens are to leave after block ${block}, and it finds a destination for ${most(others)} at most; ${fix}, or take several steps`,
  );
}

export const allButOne = (others: number): number => others - 1;

/** What is wrong with pairs, in words; undefined if nothing is. */
function mistakeIn(pairs: readonly Pair[], leaving: number, others: ReadonlySet<number>): string | undefined {
  if (!isArrayLike(pairs)) return `pair() returned ${describe(pairs)}; return a list of [from, to]`;
  if (pairs.length !== leaving) {
    return `pair() returned ${pairs.length} pairs where ${leaving} tokens leave; return one for each`;
  }
  const left = new Set<number>();
  for (const pair of pairs) {
    for (const token of [pair?.[0], pair?.[1]]) {
      if (!others.has(token)) {
        return `pair() returned ${describe(token)}, which is no token that may leave or be joined`;
      }
    }
    if (left.has(pair[0])) return `pair() lets token ${pair[0]} leave twice`;
    left.add(pair[0]);
  }
  const both = pairs.find(([, to]) => left.has(to));
  return both === undefined ? undefined : `pair() lets token ${both[0]} join ${both[1]}, which leaves itself`;
}
