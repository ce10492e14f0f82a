/** The module's exports. Addresses and strides are bytes; the caller has checked them. */
import { WORKSPACE_BYTES } from './workspace';

export { convSilu } from './conv';
export { selectiveScan } from './scan';
export { dotScore, gatherRows } from './tokens';

export const workspaceBytes: i32 = <i32>WORKSPACE_BYTES;
