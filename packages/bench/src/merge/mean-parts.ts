/** Times of the parts of a detector or segmenter over all shards. */
import type { ShardRecord, VisionRecord } from '@vssm/results';

type Parts = NonNullable<VisionRecord['parts']>;

/** Each shard's mean counts by its images. */
export function meanParts(shards: readonly NonNullable<ShardRecord['vision']>[]): Parts {
  const longest = shards.reduce(
    (most, { parts }) => (parts.length > most.length ? parts : most),
    shards[0].parts,
  );
  return longest.map(({ part, gflops }) => {
    let sum = 0;
    let images = 0;
    for (const { parts, timed } of shards) {
      const ms = parts.find((own) => own.part === part)?.ms;
      if (timed === 0 || ms === null || ms === undefined) continue;
      sum += timed * ms;
      images += timed;
    }
    return { part, gflops, ms: images === 0 ? null : sum / images };
  });
}
