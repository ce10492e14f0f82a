/** The counter of a BatchNorm, which no forward pass reads. */
export function isBatchCounter(name: string): boolean {
  return /(^|\.)num_batches_tracked$/.test(name);
}
