export { type Example, type Examples, imageExamples, sceneExamples } from './data/examples.ts';
export { heldOutImages } from './data/held-out.ts';
export type { EngineOptions, MicroBatch } from './engine/engine.ts';
export { parameterLayout } from './engine/layout.ts';
export { type Arm, arms, denseRow, publishedArms, rowOf } from './experiment/arms.ts';
export type {
  Claim,
  FinetuningRow,
  PaperRow,
  PrunedRow,
  TrainingExperiment,
} from './experiment/experiment.ts';
export { type ExperimentRun, runExperiment } from './experiment/run-experiment.ts';
export { classifierSubject, type Subject, segmenterSubject } from './experiment/subject.ts';
export { type Earlier, takeOver } from './experiment/take-over.ts';
export { type Verdict, verdicts } from './experiment/verdict.ts';
export {
  checkRecipe,
  finetuningRecipe,
  type Recipe,
  segmentationSteps,
  trainingRecipe,
} from './recipe/recipe.ts';
export type { ReferenceGradient } from './reference/gradients.ts';
export { type EvaluationRequest, evaluate } from './run/evaluate.ts';
export { evaluateSegmenter, type SegmenterEvaluationRequest } from './run/evaluate-segmenter.ts';
export {
  type ClassificationEvaluation,
  type EpochLine,
  type Evaluation,
  type LogLine,
  type RunLine,
  readLog,
  type SegmentationEvaluation,
  type StepLine,
} from './run/log.ts';

export { runFiles, type TrainingOutcome, type TrainingRun, train } from './run/train.ts';
export { trainingWorkerBytes } from './run/worker-memory.ts';
export { type SegmenterShape, segmenterOn, segmenterSpec } from './segmentation/start.ts';
export { freshWeights } from './table.ts';
export { backboneOf, isSegmenter, type TrainedSpec } from './trained-spec.ts';
