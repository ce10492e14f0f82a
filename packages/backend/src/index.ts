export {
  type Answerer,
  type AnswerStore,
  answerImages,
  type ImageWork,
  type LoadedImage,
  MemoryAnswers,
  readAll,
  Unanswered,
  type WorkDone,
  type WorkWatch,
} from './answers/answer-images.ts';
export { bestClass } from './answers/best-class.ts';
export { type Classified, classifier } from './answers/classifier.ts';
export * from './backend.ts';
export { type Chunk, type ChunkPrediction, type ChunkRunner, chunkedModel, runInChunks } from './chunks.ts';
export { contributionMap } from './contribution-map.ts';
export { JoinedContributions, loadExplained } from './contributions.ts';
export { DeviceError, type DeviceErrorKind } from './device-error.ts';
export { JoinedPrediction } from './joined-prediction.ts';
export { referenceBackend } from './reference.ts';
export { within } from './time-limit.ts';
