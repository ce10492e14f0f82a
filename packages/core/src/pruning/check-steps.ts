/** What lengths alone tell of a plan whose rule pairs tokens: whether each step finds as many destinations as it needs. */
import { type CountRule, keptCount } from './counts.ts';
import type { PruningPlan } from './plan.ts';
import { ruleOf } from './rules/loaded.ts';
import { allButOne, checkLeaving } from './rules/pair-tokens.ts';
import type { PairingRule } from './rules/rule.ts';
import { formatSchedule } from './schedule.ts';

/** A model's unpruned sequence: its length, and how many of its tokens never leave. */
export interface SequenceShape {
  readonly length: number;
  readonly protectedTokens: number;
}

/** @throws UserError that names the first step that lets more tokens leave than the rule can place, and a ratio that fits */
export function checkSteps(
  plan: PruningPlan,
  { length, protectedTokens }: SequenceShape,
  count: CountRule,
): void {
  if (plan.schedule.length === 0) return;
  const rule = ruleOf(plan);
  if (rule.pair === undefined) return;
  let living = length;
  for (const { after, keep } of plan.schedule) {
    const kept = keptCount(living, keep, count);
    const others = living - protectedTokens;
    const least = leastKeep(rule, living, others, count);
    checkLeaving(
      rule,
      others,
      living - kept,
      after,
      `there ${formatSchedule([{ after, keep: least }])} fits`,
    );
    living = kept;
  }
}

/** The lowest ratio, in hundredths, at which no more tokens leave than the rule can place. */
function leastKeep(
  { most = allButOne }: PairingRule,
  living: number,
  others: number,
  count: CountRule,
): number {
  let hundredths = 1;
  while (hundredths < 100 && living - keptCount(living, hundredths / 100, count) > most(others)) hundredths++;
  return hundredths / 100;
}
