/** What the pool of detectors and segmenters and its worker threads say to each other. */
import type { SharedWeight } from '@vssm/backend-cpu';
import type { PruningPlan } from '@vssm/core';
import type { PreparedImage } from '@vssm/datasets';
import type { VisionSpec } from '@vssm/vision-tasks';
import type { PartTime } from './part-times.ts';

/** Given to a worker when it starts. Weights lie in memory that all workers share. */
export interface VisionSetup {
  readonly spec: VisionSpec;
  readonly plan: PruningPlan;
  readonly weights: readonly SharedWeight[];
}

export interface VisionAsk {
  readonly image: PreparedImage;
  /** Stable index of the image; only the `random` signal depends on it. */
  readonly sample: number;
}

/** One image's answer, in pixels of the original. */
export type VisionAnswer =
  | {
      readonly kind: 'detections';
      /** [n, 4]: x1, y1, x2, y2, by falling score. */
      readonly boxes: Float64Array;
      readonly scores: Float64Array;
      /** Classes from 0. */
      readonly labels: Int32Array;
      /** COCO's compressed runs of each detection's mask; null where the model has none. */
      readonly masks: readonly string[] | null;
    }
  /** The class of every pixel, [height, width]. */
  | { readonly kind: 'labels'; readonly labels: Uint16Array };

/** What a pruning step left. */
export interface KeptStep {
  /** 1-based block that it follows. */
  readonly after: number;
  /** Raster indices of the cells that still have a token, rising. */
  readonly cells: Int32Array;
}

export interface AnsweredImage {
  readonly answer: VisionAnswer;
  /** Step after step; window after window where the image is looked at through several. */
  readonly kept: readonly KeptStep[];
  readonly ms: readonly PartTime[];
}
