export { checkFinite, checkNames } from './checkpoint/check.ts';
export { isBatchCounter } from './checkpoint/counter.ts';
export {
  type FamilyEvidence,
  type LoadedCheckpoint,
  type LoadOptions,
  loadModel,
} from './checkpoint/load.ts';
export type { Size } from './family.ts';
