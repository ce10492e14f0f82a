/** No target. */
export const seeds = {};
