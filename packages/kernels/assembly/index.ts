/** The module's exports. Addresses and strides are bytes; the caller has checked them. */
import { MAX_STATES, MAX_TAPS, WORKSPACE_BYTES } from './workspace';

export { convSilu } from './conv';
export { selectiveScan } from './scan';
export { dotScore, gatherRows } from './tokens';

export const workspaceBytes: i32 = <i32>WORKSPACE_BYTES;
export const maxStates: i32 = MAX_STATES;
export const maxTaps: i32 = MAX_TAPS;
