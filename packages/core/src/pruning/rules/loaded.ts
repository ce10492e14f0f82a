/**
 * Rules that came from files. A plan names such a rule by name and hash, as a result names a checkpoint; the function
 * itself is here, and only for a file that this process was told to load (rule-file.ts).
 */
import { UserError } from '../../errors.ts';
import type { Operation } from '../operation.ts';
import { builtInRules, type RuleOptions, type Signal } from './built-in.ts';
import { matched } from './matched.ts';
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
  /** What becomes of leaving tokens; absent: they are dropped. */
  readonly operation?: Operation | undefined;
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

/** The rule that a plan names, by itself. */
function namedRule(plan: ScoringPlan): Rule {
  return plan.signal === 'file' ? ruleFileOf(plan)!.rule : builtInRules[plan.signal].rule(plan);
}

/** What says which tokens leave under a plan; one that pairs them if the plan merges. */
export function ruleOf(plan: ScoringPlan): Rule {
  const rule = namedRule(plan);
  const drops = (plan.operation ?? 'drop') === 'drop';
  return rule.score === undefined || drops ? rule : matched(rule, plan.metric!);
}

/** Whether the rule by itself pairs tokens; undefined of a file that is not loaded here. */
export function pairsByItself({ signal, rule }: Pick<ScoringPlan, 'signal' | 'rule'>): boolean | undefined {
  if (signal !== 'file') return builtInRules[signal].pairs !== undefined;
  const file = loaded.get(rule?.sha256 ?? '');
  return file === undefined ? undefined : file.rule.score === undefined;
}

/** The signals that a plan's rule reads; none of a file that is not loaded here. */
export function signalsRead(plan: ScoringPlan): readonly SignalName[] {
  return plan.signal === 'file' && !loaded.has(plan.rule?.sha256 ?? '') ? [] : ruleOf(plan).signals;
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
