export {
  type BuiltInRule,
  builtInRules,
  type ScoreOrder,
  type Signal,
  scoreOrders,
  signals,
} from './built-in.ts';
export {
  type RuleFile,
  type RuleReference,
  refuseRuleFile,
  registerRule,
  ruleFileError,
  ruleFileOf,
  ruleOf,
  type ScoringPlan,
} from './loaded.ts';
export { type ReductionName, reduceSignal, reductions, reductionTable } from './reductions.ts';
export {
  type Floats,
  type Rule,
  type RuleShape,
  ruleNamePattern,
  type SignalName,
  type SignalValues,
  signalNames,
  type TokenContext,
  type Tokens,
} from './rule.ts';
export type { SignalSource } from './score-tokens.ts';
