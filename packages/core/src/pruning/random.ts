/**
 * The `random` baseline's scores: splitmix64 of (seed, sample, step, position), so that an image is pruned in
 * the same way on every backend, in every batch and in every shard.
 */

const mask64 = (1n << 64n) - 1n;

/** Steele, Lea and Flood 2014: the output function of splitmix64 applied to `state` + its increment. */
export function splitmix64(state: bigint): bigint {
  let z = (state + 0x9e3779b97f4a7c15n) & mask64;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask64;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask64;
  return z ^ (z >> 31n);
}

/**
 * Scores of positions 0 … length-1 for one sample and one pruning step, in [0, 1).
 * The top 24 bits are used, so that the value is exact in float32 and a backend's precision cannot reorder it.
 *
 * @param sample stable index of the sample in its data set
 * @param step 0-based index of the pruning step within the schedule
 */
export function randomScores(seed: number, sample: number, step: number, length: number): Float32Array {
  const stream = splitmix64(splitmix64(splitmix64(BigInt(seed)) ^ BigInt(sample)) ^ BigInt(step));
  const scores = new Float32Array(length);
  for (let position = 0; position < length; position++) {
    const bits = splitmix64(stream ^ BigInt(position));
    scores[position] = Number(bits >> 40n) / 2 ** 24;
  }
  return scores;
}

/** What every image of a batch draws for every step: scores [B, steps, length], `length` that of the unpruned sequence. */
export function drawScores(
  { schedule, seed }: { readonly schedule: readonly unknown[]; readonly seed: number },
  samples: readonly number[],
  length: number,
): Float32Array {
  const scores = new Float32Array(samples.length * schedule.length * length);
  for (const [image, sample] of samples.entries()) {
    for (const step of schedule.keys()) {
      scores.set(randomScores(seed, sample, step, length), (image * schedule.length + step) * length);
    }
  }
  return scores;
}
