export type { KeptWatch } from './backbones.ts';
export { CpuDetector, type CpuMaskRcnn, type CpuRetinaNet } from './detector.ts';
export { CpuSegmenter, type VisionOptions } from './segmenter.ts';
export type {
  Stopwatch as VisionStopwatch,
  VisionPart,
} from './stopwatch.ts';
