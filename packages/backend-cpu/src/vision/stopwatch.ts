/** Where the time of a detector or segmenter goes. */

export const visionParts = [
  'embed',
  'spatial prior',
  'injectors',
  'layers',
  'extractors',
  'maps',
  'pyramid',
  'anchors',
  'boxes',
  'masks',
  'head',
] as const;
export type VisionPart = (typeof visionParts)[number];

/** Told that all since its last call, or since it was made, was for a part. */
export type Stopwatch = (part: VisionPart) => void;

/** A stopwatch that adds up the ms of every part. */
export function visionStopwatch(): {
  readonly stopwatch: Stopwatch;
  readonly ms: ReadonlyMap<VisionPart, number>;
} {
  const ms = new Map<VisionPart, number>();
  let since = performance.now();
  return {
    ms,
    stopwatch(part) {
      const now = performance.now();
      ms.set(part, (ms.get(part) ?? 0) + now - since);
      since = now;
    },
  };
}
