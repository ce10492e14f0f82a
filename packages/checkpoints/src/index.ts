export { sha256File } from './byte-source.ts';
export { type Checkpoint, type CheckpointFormat, readCheckpoint } from './checkpoint.ts';
export { denseClasses, type LoadedDenseCheckpoint, loadDenseModel } from './dense/load.ts';
export { type LoadedCheckpoint, loadModel } from './model/load.ts';
export type { GridOptions, Size } from './model/size.ts';
export { readSafetensors, type Safetensors } from './safetensors/read.ts';
export { writeSafetensors } from './safetensors/write.ts';
