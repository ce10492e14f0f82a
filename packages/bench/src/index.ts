export { type MemoryAtHand, threadsOfBytes, threadsWithinMemory } from './affordable.ts';
export {
  alignmentArms,
  evit,
  evitAligned,
  imageNetRow,
  importanceArms,
  masked,
  miniatureBlocks,
  miniatureDense,
  miniatureRows,
  type PlainMambaModel,
  plainMambaEvit,
  plainMambaRow,
  plainMambaScheduleNote,
  plainMambaSchedules,
  plainMambaVisionRow,
  randomArms,
  released,
  top,
  type VisionRow,
  visionSmokeRows,
  withRules,
} from './arms.ts';
export { type OpenedBackend, openBackend } from './backends.ts';
export { checkExperiment, paperTable } from './check-experiment.ts';
export { type CheckedPath, checkGpu, type GpuCheckRequest } from './check-gpu.ts';
export { codeVersion, trainingCode } from './code/made-with.ts';
export {
  type CompareOutcome,
  compareBackends,
  parseBatches,
} from './compare/compare.ts';
export { choosePaths, nameOf } from './compare/competitors.ts';
export { imagesOfDataset, madeUpImages } from './compare/images.ts';
export type { CompareRequest } from './compare/request.ts';
export type { DatasetId } from './dataset-names.ts';
export { datasetSources } from './datasets.ts';
export { formatDuration } from './duration.ts';
export { captureEnvironment, gitState, projectVersion } from './environment.ts';
export { type EvaluationOutcome, type EvaluationRequest, evaluateOnce } from './evaluate-once.ts';
export { defaultPath, type ExecutionPath } from './execution-paths.ts';
export {
  type Arm,
  type ArmPlace,
  type Experiment,
  type ExperimentRow,
  shippedRow,
  stepsAfter,
} from './experiment.ts';
export { chooseImages } from './images.ts';
export { type Interruption, listenForInterruption } from './interruption.ts';
export { keepMeasured } from './keep-measured.ts';
export type { AccuracyRow } from './kinds/accuracy.ts';
export type { DetectionRow } from './kinds/detection.ts';
export type { LengthsRow } from './kinds/lengths.ts';
export type { ProfileRow } from './kinds/profile.ts';
export type { RivalArm, RivalsRow } from './kinds/rivals.ts';
export type { SegmentationRow } from './kinds/segmentation.ts';
export type { SpeedRow } from './kinds/speed.ts';
export type { StripRow } from './kinds/strip.ts';
export { type MergeOutcome, mergeResults } from './merge/merge.ts';
export {
  benchModels,
  type ModelId,
  modelSource,
  parseCheckpointOptions,
  parseVisionCheckpoints,
} from './models.ts';
export { type BenchPreview, formatPreview, previewBench } from './preview.ts';
export { probeBackend } from './probe.ts';
export { type Progress, progressOn } from './progress.ts';
export type { Sources } from './resources.ts';
export { type ExecutionForm, usualMode } from './rivals/modes.ts';
export { type BenchOutcome, type BenchRequest, runBench } from './run.ts';
export { writeRunHeader } from './run-header.ts';
export { parseShard, type Shard } from './shard.ts';
export type { SpeedBudget } from './speed-budget.ts';
export type { DetectionScore } from './vision/detection.ts';
export { usualWorkers, type VisionModel } from './vision/evaluate.ts';
export {
  benchVisionModel,
  describedVisionModel,
  type VisionDatasetId,
  type VisionModelId,
  visionSources,
} from './vision/models.ts';
export { evaluateVisionOnce, type VisionOnceRequest, type VisionOutcome } from './vision/once.ts';
