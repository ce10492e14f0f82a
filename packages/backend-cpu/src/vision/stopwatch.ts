/** Where the time of a detector or segmenter goes. */

export type VisionPart =
  | 'embed'
  | 'spatial prior'
  | 'injectors'
  | 'layers'
  | 'extractors'
  | 'maps'
  | 'pyramid'
  | 'anchors'
  | 'boxes'
  | 'masks'
  | 'head';

/** Told that all since its last call, or since it was made, was for a part. */
export type Stopwatch = (part: VisionPart) => void;
