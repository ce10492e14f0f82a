export type { KeptWatch } from './backbones.ts';
export { CpuDetector, type CpuMaskRcnn, type CpuRetinaNet } from './detector.ts';
export { CpuSegmenter, type DenseOptions } from './segmenter.ts';
export { type DensePart, denseParts, denseStopwatch, type Stopwatch as DenseStopwatch } from './stopwatch.ts';
