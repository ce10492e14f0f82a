export {
  type AnswerLine,
  AnswerReader,
  countAnswers,
  type DescribedAnswers,
  hashOf,
  type LineFormat,
} from './answer-file.ts';
export { resultsContent } from './content.ts';
export { type DrawnImage, drawnLimits } from './drawn.ts';
export {
  type Environment,
  environmentSchema,
  keySchema,
  schemaVersion,
} from './fields.ts';
export {
  type Against,
  againstSchema,
  type HistoryEntry,
  type HistoryRow,
  historyEntry,
  readHistory,
  writeHistory,
} from './history/entry.ts';
export { type Held, heldAgainst, type Regression } from './history/gates.ts';
export { backendParity, type Parity } from './history/parity.ts';
export {
  type ImageAnswerLine,
  type ImageAnswers,
  imageAnswerLines,
  type Scoring,
} from './image-answers.ts';
export type { FolderLock } from './lock.ts';
export { openResults, type Results } from './open.ts';
export {
  type PaperTable,
  type PaperValue,
  readPaperTable,
  splitTags,
} from './paper.ts';
export {
  checkPredictions,
  type PredictionLine,
  type PredictionsFile,
  predictionLines,
  predictionsPath,
  readPredictions,
} from './predictions.ts';
export { latestRecords, type ReadResults, readResults, resultsFileName } from './read.ts';
export { readRightAnswers, rightAnswersFile, rightAnswersLine } from './right-answers.ts';
export { packRight, unpackRight } from './right-images.ts';
export { decodeRuns, encodeRuns } from './runs.ts';
export {
  type AccuracyRecord,
  type ComparisonRecord,
  type FinetuningRecord,
  type ProfileRecord,
  type ResultRecord,
  type RunRecord,
  resultRecordSchema,
  type SegmenterFinetuningRecord,
  type ShardRecord,
  type SkippedRecord,
  type SpeedRecord,
  type StripRecord,
  type VisionRecord,
} from './schema.ts';
export { shardLength } from './shard.ts';
export { visionRecordParts } from './vision.ts';
