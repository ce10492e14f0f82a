/** The module's exports. Addresses and strides are bytes; the caller has checked them. */
import { WORKSPACE_BYTES } from './workspace';

export { convBackward } from './backward-conv';
export { gate, gateBackward } from './backward-gate';
export { scanBackward } from './backward-scan';
export { convSilu } from './conv';
export { gridConv } from './grid-conv';
export { selectiveScan } from './scan';
export { snakeScan } from './snake-scan';
export { dotScore, gatherRows } from './tokens';

export const workspaceBytes: i32 = <i32>WORKSPACE_BYTES;
