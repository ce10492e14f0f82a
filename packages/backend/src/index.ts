export * from './backend.ts';
export { type Chunk, type ChunkPrediction, type ChunkRunner, chunkedModel, runInChunks } from './chunks.ts';
export { DeviceError, type DeviceErrorKind, deviceErrorKinds } from './device-error.ts';
export { referenceBackend } from './reference.ts';
export { within } from './time-limit.ts';
