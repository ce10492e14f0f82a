export { decodeModel } from './onnx/schema.ts';
export { floorNames, matrixProductFloor } from './vim/floor.ts';
export { type ScanForm, scanForms } from './vim/scan.ts';
export {
  embedSegment,
  headSegment,
  nextSegment,
  projectionSegment,
  segmentNames,
} from './vim/segments.ts';
export { type WholeOptions, wholeNames, wholeVim } from './vim/whole.ts';
