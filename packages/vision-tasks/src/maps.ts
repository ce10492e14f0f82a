/** What the networks hand over: maps [C, H, W] of either precision. */
export type Numbers = Float32Array | Float64Array;

export interface NumberMap {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** [C, H, W] */
  readonly values: Numbers;
}

/** Height and width, pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
