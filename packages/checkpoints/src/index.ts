export { sha256File } from './byte-source.ts';
export { type Checkpoint, type CheckpointFormat, readCheckpoint } from './checkpoint.ts';
export { readSafetensors, type Safetensors } from './safetensors/read.ts';
export { writeSafetensors } from './safetensors/write.ts';
export { leftOut, listed, quoted } from './tensor-names.ts';
