/** What the pool of dense models and its worker threads say to each other. */
import type { SharedWeight } from '@vssm/backend-cpu';
import type { DenseSpec, PruningPlan } from '@vssm/core';
import type { PreparedImage } from '@vssm/datasets';

/** Given to a worker when it starts. Weights lie in memory that all workers share. */
export interface DenseSetup {
  readonly spec: DenseSpec;
  readonly plan: PruningPlan;
  readonly weights: readonly SharedWeight[];
}

export interface DenseJob {
  readonly image: PreparedImage;
  /** Stable index of the image; only the `random` signal depends on it. */
  readonly sample: number;
}

/** One image's answer, in pixels of the original. */
export type DenseAnswer =
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

export type ToDenseWorker = ({ readonly kind: 'run' } & DenseJob) | { readonly kind: 'stop' };

export type FromDenseWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly answer: DenseAnswer }
  /** The image failed; the worker lives on. `user`: it can be mended by the user. */
  | { readonly kind: 'failed'; readonly user: boolean; readonly reason: string }
  /** The worker could not start. */
  | { readonly kind: 'unusable'; readonly reason: string };
