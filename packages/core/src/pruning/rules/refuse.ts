/** What an execution that lacks a rule says about it: by name, and where it runs instead. */
import { UserError } from '../../errors.ts';
import type { Signal } from './built-in.ts';
import { ruleOf, type ScoringPlan } from './loaded.ts';

/** The rules that rank tokens by one signal of channels, drawn numbers or a query: what every execution has. */
export const rankingRules = [
  'gated',
  'gated-backward',
  'ssm',
  'random',
  'evit',
] as const satisfies readonly Signal[];

type Plan = ScoringPlan & { readonly schedule: readonly unknown[]; readonly tokenOrder?: string };

/**
 * For what ranks tokens and drops them, and has neither pairs nor sizes.
 *
 * @throws UserError for a plan whose rule pairs tokens, or that merges them
 */
export function refusePairing(plan: Plan, what: string): void {
  if (plan.schedule.length === 0) return;
  const rule = ruleOf(plan);
  if (rule.score !== undefined) return;
  throw new UserError(
    `${what} ranks tokens and drops them: it cannot run rule "${rule.name}" with operation "${plan.operation}"; take a rule that scores, and operation "drop"`,
  );
}

/** @throws UserError for a plan whose rule is not one of those that rank, that merges tokens, or moves the class token in proportion */
export function refuseAllButRanking(plan: Plan, what: string): void {
  refusePairing(plan, what);
  if (plan.schedule.length === 0) return;
  if (plan.tokenOrder === 'proportional') {
    throw new UserError(`${what} has no token order "proportional": take "original" or "recentred"`);
  }
  if (plan.signal === 'file') return;
  if (rankingRules.some((name) => name === plan.signal)) return;
  throw new UserError(
    `${what} has no rule "${plan.signal}": it runs with --backend reference, and with --backend cpu; here there are ${rankingRules.join(', ')}`,
  );
}
