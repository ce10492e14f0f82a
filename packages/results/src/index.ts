export { resultsContent } from './content.ts';
export { resultsJsonSchema } from './json-schema.ts';
export { openResults, type Results } from './open.ts';
export {
  type PaperTable,
  type PaperValue,
  paperTableSchema,
  paperValueSchema,
  readPaperTable,
  splitTags,
} from './paper.ts';
export {
  checkPredictions,
  openPredictions,
  type PredictionLine,
  type PredictionsFile,
  predictionsPath,
  readPredictions,
} from './predictions.ts';
export { latestRecords, type ReadResults, readResults, resultsFileName } from './read.ts';
export {
  type AccuracyRecord,
  type Environment,
  environmentSchema,
  keySchema,
  planSchema,
  type ResultRecord,
  type RunRecord,
  resultRecordSchema,
  type SkippedRecord,
  type SpeedRecord,
  type StripRecord,
  schemaVersion,
  specSchema,
} from './schema.ts';
