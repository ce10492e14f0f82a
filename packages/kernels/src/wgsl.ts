export {
  type Binding,
  encodeShape,
  type Grid,
  largestGrid,
  mostStorageBuffers,
  rowGrid,
  type SequenceShape,
  type Shader,
} from './common/shader.wgsl.ts';
export { type ConvParameters, type ConvShape, convShader, packConvWeights } from './conv/conv.wgsl.ts';
export {
  cellTokensShader,
  type Grid2D,
  type GridConvShape,
  gridConvShader,
  packGridConv,
  packSnakes,
  snakeStepsShader,
} from './grid/grid.wgsl.ts';
export {
  packScanParameters,
  type ScanParameters,
  type ScanPass,
  type ScanShape,
  type SnakeDirection,
  scanGrid,
  scanShader,
} from './scan/scan.wgsl.ts';
export { compactShader, rankShader } from './tokens/select.wgsl.ts';
export {
  dotScoreShader,
  drawnScoresShader,
  gatherShader,
  meanRowShader,
  protectedMeanShader,
  scoresShader,
  zeroShader,
} from './tokens/tokens.wgsl.ts';
