export { checkFinite, checkNames } from './checkpoint/check.ts';
export { isBatchCounter } from './checkpoint/counter.ts';
export { type FamilyEvidence, type LoadedCheckpoint, loadModel } from './checkpoint/load.ts';
export type { GridOptions, Size } from './checkpoint/size.ts';
