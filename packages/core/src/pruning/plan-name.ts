/**
 * Names of plans in the words of the command line. Plans of one name prune alike: every option
 * that changes the result is said, and none that does not apply (`reduce` and `order` without channels to reduce, the
 * convolution under `mask`, the seed of what is not random, all of them without a step). A step that keeps everything is said too, though it prunes nothing.
 */
import type { PruningPlan } from './plan.ts';
import { builtInRules } from './rules/built-in.ts';
import type { RuleReference } from './rules/loaded.ts';
import { formatSchedule } from './schedule.ts';

/** All but the schedule: `gated clip, decay, positional`, `random seed 3, none, compact, recentred`. */
export function ruleName(plan: PruningPlan): string {
  const { signal, alignment, conv } = plan;
  const words = [scoreName(plan), ...operationWords(plan), alignment];
  if (alignment !== 'mask') words.push(conv);
  if (scored(signal) && plan.order !== 'aligned') words.push(plan.order);
  if (plan.tokenOrder !== 'original') words.push(plan.tokenOrder);
  if (plan.countClassToken) words.push('class token counted');
  return words.join(', ');
}

/** `dense`, or the schedule and the rule: `2,4,6@0.7, gated clip, decay, positional`. */
export function planName(plan: PruningPlan): string {
  return plan.schedule.length === 0 ? 'dense' : `${formatSchedule(plan.schedule)}, ${ruleName(plan)}`;
}

function scoreName({ signal, reduce, seed, rule }: PruningPlan): string {
  if (rule !== undefined) return `rule ${ruleFileName(rule)}`;
  if (signal === 'random') return `random seed ${seed}`;
  return scored(signal) ? `${signal} ${reduce}` : signal;
}

/** `merge by hidden`; nothing where tokens are ranked and dropped. */
function operationWords({ operation, metric }: PruningPlan): string[] {
  if (operation === undefined) return [];
  return [metric === undefined ? operation : `${operation} by ${metric}`];
}

/** A rule file's own name, and as much of its hash as tells two files of one name apart. */
export function ruleFileName({ name, sha256 }: RuleReference): string {
  return `${name} (${sha256.slice(0, 8)})`;
}

/** True for signals of channels, which are reduced to a score. */
function scored(signal: PruningPlan['signal']): boolean {
  return signal !== 'file' && builtInRules[signal].reduced;
}
