export { Arena, type ArenaMark, type Region } from './arena.ts';
export type { ContributionOptions, ReaderWeightOptions } from './contribution/contribution.ts';
export { type ConvOptions, convReference } from './conv/conv.ts';
export type { DeformableOptions } from './deformable/deformable.ts';
export type { DeltaOptions } from './delta/delta.ts';
export {
  type ConvArrays,
  type ConvBackwardOptions,
  type ConvGradients,
  convBackwardScratch,
  convForward,
  convPullback,
} from './gradients/backward-conv.ts';
export type {
  GateBackwardOptions,
  GateOptions,
} from './gradients/backward-gate.ts';
export {
  type GridConvArrays,
  type GridConvBackwardOptions,
  type GridConvGradients,
  gridConvBackwardScratch,
  gridConvForward,
  gridConvPullback,
} from './gradients/backward-grid.ts';
export type { BackwardKernels } from './gradients/backward-kernels.ts';
export {
  type ScanArrays,
  type ScanBackwardOptions,
  type ScanGradients,
  scanBackwardScratch,
  scanForward,
  scanPullback,
  siluSlope,
} from './gradients/backward-scan.ts';
export {
  type SnakeArrays,
  type SnakeBackwardOptions,
  type SnakeGradients,
  snakeBackwardScratch,
  snakeForward,
  snakePullback,
} from './gradients/backward-snake.ts';
export type { PlainBackwardKernels } from './gradients/plain-backward-kernels.ts';
export { type GridConvOptions, gridConvReference, tapsFirst } from './grid/grid-conv.ts';
export {
  createKernels,
  type Kernels,
  kernelImplementation,
  type NativeProbe,
  probeNative,
} from './kernels.ts';
export { maxTaps, takesGrid, takesStates } from './limits.ts';
export type { MatrixPlace } from './matrix/matmul.ts';
export type { Axes } from './matrix/tensor.ts';
export { type KernelChoice, type KernelImplementation, kernelChoice } from './native/choice.ts';
export type { PlainKernels } from './plain-kernels.ts';
export type { RoiAlignOptions } from './roi/roi-align.ts';
export type { Rows } from './rows.ts';
export { type ScanOptions, type ScanResult, scanReference } from './scan/scan.ts';
export { fillSnakeTables, type SnakeTables } from './snake/snake-orders.ts';
export { type SnakeScanOptions, snakeScanReference } from './snake/snake-scan.ts';
export { type GatherOptions, gatherReference } from './tokens/tokens.ts';
export type { VisionKernels } from './vision-kernels.ts';
export { createMemory, type WasmMemory } from './webassembly.ts';
export {
  type WinogradOptions,
  winogradScratch,
  winogradWeights,
} from './winograd/winograd.ts';
