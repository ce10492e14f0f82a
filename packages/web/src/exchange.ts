/** What the page and its local server send each other as JSON; weights travel as frames of backend-webgpu. */
import type { PruningPlan } from '@vssm/core';
import type { ModelSpec } from '@vssm/families';
import type { SpeedRecord, StripRecord } from '@vssm/results';

export type ModelOrigin = SpeedRecord['model']['weights'];

/** A model, without its weights. */
export interface ModelCard {
  readonly name: string;
  readonly spec: ModelSpec;
  readonly origin: ModelOrigin;
  /** Null where nobody told them. */
  readonly classes: readonly string[] | null;
  /** What of the file is not used, as `name: why`. */
  readonly ignored: readonly string[];
}

/** Under which name the server has the embedded model's weights; an uploaded one's name is given with its card. */
export const embeddedId = 'embedded';

export interface ServedModel {
  readonly id: string;
  readonly card: ModelCard;
}

export interface SampleImage {
  readonly index: number;
  readonly id: string;
  readonly label: number;
  readonly width: number;
  readonly height: number;
  /** Grey levels row by row, base64. */
  readonly pixels: string;
}

/** Pictures of the embedded data set. */
export interface Samples {
  readonly name: string;
  readonly split: string;
  readonly classes: readonly string[];
  readonly images: readonly SampleImage[];
}

/** What the page asks for when it opens. */
export interface Setup {
  readonly embedded: ModelCard;
  readonly samples: Samples;
}

/** Times of one batch size, dense and pruned interleaved: ms of a whole run, values of equal index are one round. */
export interface Timing {
  readonly batch: number;
  readonly warmup: number;
  readonly denseMs: readonly number[];
  /** Null for a dense run. */
  readonly prunedMs: readonly number[] | null;
  readonly durationMs: number;
}

/** A finished run of the page, to be turned into records. */
export interface FinishedRun {
  readonly model: ModelCard;
  readonly plan: PruningPlan;
  readonly backend: 'webgpu' | 'wasm';
  readonly threads: number;
  /** Name of the GPU; null on WebAssembly. */
  readonly adapter: string | null;
  /** Versions of what computed: onnxruntime-web, the browser. */
  readonly libraries: Readonly<Record<string, string>>;
  readonly timings: readonly Timing[];
  readonly dataset: StripRecord['dataset'];
  /** Pictures of the data set that the model was trained on; the user's own pictures are never among them. */
  readonly strip: StripRecord['images'];
}
