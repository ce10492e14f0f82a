export { denseClasses, type LoadedDenseCheckpoint, loadDenseModel } from './checkpoint/load.ts';
