export { sha256File } from './byte-source.ts';
export { type Checkpoint, type CheckpointFormat, readCheckpoint } from './checkpoint.ts';
export { readSafetensors, type Safetensors } from './safetensors/read.ts';
export { writeSafetensors } from './safetensors/write.ts';
export type { GridOptions, Size } from './vim/grid.ts';
export { type LoadedVim, loadVim } from './vim/load.ts';
