export { type ConvParameters, type ConvShape, convShader, packConvWeights } from './conv.ts';
export {
  cellTokensShader,
  type Grid2D,
  type GridConvShape,
  gridConvShader,
  packGridConv,
  packSnakes,
  snakeStepsShader,
} from './grid.ts';
export {
  packScanParameters,
  type ScanParameters,
  type ScanPass,
  type ScanShape,
  type SnakeDirection,
  scanGrid,
  scanShader,
} from './scan.ts';
export { compactShader, rankShader } from './select.ts';
export {
  type Binding,
  encodeShape,
  type Grid,
  lanes,
  largestGrid,
  mostStorageBuffers,
  noClassToken,
  rowGrid,
  type SequenceShape,
  type Shader,
  tilesOf,
} from './shader.ts';
export {
  dotScoreShader,
  drawnScoresShader,
  gatherShader,
  meanRowShader,
  scoresShader,
  zeroShader,
} from './tokens.ts';
