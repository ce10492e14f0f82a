export { heldOutImages } from './data/held-out.ts';
export type { EngineOptions, MicroBatch } from './engine/engine.ts';
export type {
  Claim,
  FinetuningRow,
  PaperRow,
  PrunedRow,
  TrainingExperiment,
} from './experiment/experiment.ts';
export { type ExperimentRun, runExperiment } from './experiment/run-experiment.ts';
export { type Verdict, verdicts } from './experiment/verdict.ts';
export {
  checkRecipe,
  finetuningRecipe,
  type Recipe,
  trainingRecipe,
} from './recipe/recipe.ts';
export type { ReferenceGradient } from './reference/gradients.ts';
export { type EvaluationRequest, evaluate } from './run/evaluate.ts';
export {
  type EpochLine,
  type Evaluation,
  type LogLine,
  type RunLine,
  readLog,
  type StepLine,
} from './run/log.ts';

export { runFiles, type TrainingOutcome, type TrainingRun, train } from './run/train.ts';
export { trainingWorkerBytes } from './run/worker-memory.ts';
export { freshWeights } from './table.ts';
