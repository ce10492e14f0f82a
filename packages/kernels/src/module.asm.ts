/** The module's exports. Addresses and strides are bytes; the caller has checked them. */
import { WORKSPACE_BYTES } from './common/workspace.asm';

export { convBackward } from './gradients/backward-conv.asm';
export { gate, gateBackward } from './gradients/backward-gate.asm';
export { gridConvBackward } from './gradients/backward-grid.asm';
export { scanBackward } from './gradients/backward-scan.asm';
export { snakeBackward } from './gradients/backward-snake.asm';
export { activateDelta } from './delta/delta.asm';
export { addContributions, readerWeights } from './contribution/contribution.asm';
export { convSilu } from './conv/conv.asm';
export { deformable } from './deformable/deformable.asm';
export { gridConv } from './grid/grid-conv.asm';
export { reduceRows } from './reductions/reductions.asm';
export { matmul } from './matrix/matmul.asm';
export { affine, binary, copy, moveRows, norm, normBackward, rectify, sum } from './matrix/tensor.asm';
export { roiAlign } from './roi/roi-align.asm';
export { selectiveScan } from './scan/scan.asm';
export { snakeScan } from './snake/snake-scan.asm';
export { gatherRows } from './tokens/tokens.asm';

export const workspaceBytes: i32 = <i32>WORKSPACE_BYTES;
