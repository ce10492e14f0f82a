/** Where the time of a dense model goes. */

export const denseParts = [
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
export type DensePart = (typeof denseParts)[number];

/** Told that all since its last call, or since it was made, was for a part. */
export type Stopwatch = (part: DensePart) => void;

/** A stopwatch that adds up the ms of every part. */
export function denseStopwatch(): {
  readonly stopwatch: Stopwatch;
  readonly ms: ReadonlyMap<DensePart, number>;
} {
  const ms = new Map<DensePart, number>();
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
