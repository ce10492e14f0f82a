export {
  type BuiltInRule,
  builtInRules,
  type Origin,
  type ScoreOrder,
  type Signal,
  scoreOrders,
  signals,
} from './built-in.ts';
export { contributionsOf, readersOf } from './contributions.ts';
export {
  pairsByItself,
  type RuleFile,
  type RuleReference,
  refuseRuleFile,
  registerRule,
  ruleFileError,
  ruleFileOf,
  ruleOf,
  type ScoringPlan,
} from './loaded.ts';
export { joinedByMtr } from './mtr-like.ts';
export { checkLeaving } from './pair-tokens.ts';
export {
  type ReductionName,
  type RowReducer,
  reduceSignal,
  reduceWith,
  reductions,
  reductionTable,
} from './reductions.ts';
export { rankingRules, refuseAllButRanking, refusePairing } from './refuse.ts';
export {
  type Floats,
  type GridSides,
  type PairingRule,
  type Rule,
  type RuleShape,
  ruleNamePattern,
  type ScanSteps,
  type ScoringRule,
  type SignalName,
  type SignalValues,
  signalNames,
  type TokenContext,
  type Tokens,
} from './rule.ts';
export type { SignalSource } from './score-tokens.ts';
export { mergeWindows, smallerGrid } from './storm.ts';
