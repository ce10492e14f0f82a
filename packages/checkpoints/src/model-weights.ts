/** What every format gives: one model's weights, and an account of the rest. */
import type { Tensor } from '@vssm/core';

export interface ModelWeights {
  /** Floating-point tensors, as float32. */
  readonly tensors: ReadonlyMap<string, Tensor<Float32Array>>;
  /** Integer and boolean tensors, which are not read: name to element type. */
  readonly integers: ReadonlyMap<string, string>;
  /** What was left out, as `name: why`. */
  readonly ignored: readonly string[];
  /** Names of the model's classes, where the file lists them. */
  readonly classes?: readonly string[];
  /** The model's family, where whoever wrote the file noted it. */
  readonly family?: string;
}
