/**
 * Rules that came from files. A plan names such a rule by name and hash, as a result names a checkpoint; the function
 * itself is here, and only for a file that this process was told to load (rule-file.ts).
 */
import { UserError } from '../../errors.ts';
import { builtInRules, type RuleOptions, type Signal } from './built-in.ts';
import type { Rule, SignalName } from './rule.ts';

/** What plans, and with them results and their keys, say about a rule file. */
export interface RuleReference {
  readonly name: string;
  /** Of the file's bytes, hex. */
  readonly sha256: string;
}

/** What a plan says about its rule. */
export interface ScoringPlan extends RuleOptions {
  readonly signal: Signal | 'file';
  readonly rule?: RuleReference | undefined;
}

export interface RuleFile extends RuleReference {
  /** As the user wrote it. */
  readonly file: string;
  readonly rule: Rule;
}

const loaded = new Map<string, RuleFile>();

/** Makes a rule known to this process by its hash. */
export function registerRule(file: RuleFile): void {
  loaded.set(file.sha256, file);
}

/** The file of a plan that is scored by one; undefined for a built-in rule. Throws a UserError if it was not loaded. */
export function ruleFileOf({ rule }: Pick<ScoringPlan, 'rule'>): RuleFile | undefined {
  if (rule === undefined) return undefined;
  const found = loaded.get(rule.sha256);
  if (found !== undefined) return found;
  throw new UserError(
    `rule "${rule.name}": the file with SHA-256 ${rule.sha256} is not loaded here; name it with --rule FILE`,
  );
}

/** What ranks tokens under a plan. */
export function ruleOf(plan: ScoringPlan): Rule {
  if (plan.signal !== 'file') return builtInRules[plan.signal].rule(plan);
  return ruleFileOf(plan)!.rule;
}

/** The signals that a plan's rule reads; none of a file that is not loaded here. */
export function signalsRead({ signal, rule }: Pick<ScoringPlan, 'signal' | 'rule'>): readonly SignalName[] {
  if (signal !== 'file') return builtInRules[signal].signals;
  return loaded.get(rule?.sha256 ?? '')?.rule.signals ?? [];
}

/** For what runs built-in rules only. @throws UserError for a plan that is scored by a file */
export function refuseRuleFile(plan: Pick<ScoringPlan, 'rule'>, what: string): void {
  if (plan.rule !== undefined) throw ruleFileError(plan, what);
}

/** What to throw where a rule file cannot be run. @param what cannot run it, as the message begins: "a whole graph" */
export function ruleFileError({ rule }: Pick<ScoringPlan, 'rule'>, what: string): UserError {
  return new UserError(
    `${what} cannot run a rule from a file (${rule?.name}): --rule goes with --backend reference, and with --backend cpu in its segments form`,
  );
}
