export { checkFinite, checkNames } from './checkpoint/check.ts';
export { isBatchCounter } from './checkpoint/counter.ts';
export { type LoadedCheckpoint, type LoadOptions, loadModel } from './checkpoint/load.ts';
export type { FamilyEvidence, Size } from './family.ts';
