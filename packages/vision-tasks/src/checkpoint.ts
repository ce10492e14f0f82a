export { type LoadedVisionCheckpoint, loadVisionModel, visionClasses } from './checkpoint/load.ts';
