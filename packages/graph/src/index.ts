export { decodeModel } from './onnx/schema.ts';
export { type ScanForm, scanForms } from './vim/scan.ts';
export { type WholeOptions, wholeNames, wholeVim } from './vim/whole.ts';
