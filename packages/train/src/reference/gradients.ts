/** What the float64 references of all families take and give. */
import { add } from './layers.ts';

/** A model's tensors by upstream's names, in float64. */
export type Parameters64 = ReadonlyMap<string, Float64Array>;

/** A micro-batch. */
export interface ReferenceImages {
  /** Normalised pixels [C, H, W] each. */
  readonly images: readonly ArrayLike<number>[];
  /** [classes] each: the distributions that the cross-entropy is taken against. */
  readonly targets: readonly ArrayLike<number>[];
  /** Stable indices of the images; only the `random` signal depends on them. */
  readonly samples: readonly number[];
}

export interface ReferenceGradient {
  /** Sum over the images. */
  readonly loss: number;
  /** [classes] each */
  readonly logits: readonly Float64Array[];
  /** Of each image: positions of the kept tokens, keyed by the 1-based block of the step. */
  readonly kept: readonly ReadonlyMap<number, Int32Array>[];
  /**
   * Of the loss, by upstream's names, shapes as the parameters'. Computed when first read, by the parameters' values of
   * then: finite differences want the loss alone, which costs a third.
   */
  readonly gradients: ReadonlyMap<string, Float64Array>;
  /** What the micro-batch's own values gave for the buffers, by upstream's names. */
  readonly statistics: ReadonlyMap<string, Float64Array>;
}

/** Gradients by the parameters' names; `collect` adds to what is there. */
export class Gradients64 {
  readonly all = new Map<string, Float64Array>();

  collect(name: string, gradient: Float64Array): void {
    const before = this.all.get(name);
    this.all.set(name, before === undefined ? gradient : add(before, gradient));
  }
}

/** What the forward pass has found, and the way back, which is gone when the gradients are first read. */
export function pulledWhenRead(
  found: Omit<ReferenceGradient, 'gradients'>,
  pullback: () => ReadonlyMap<string, Float64Array>,
): ReferenceGradient {
  let gradients: ReadonlyMap<string, Float64Array> | undefined;
  return {
    ...found,
    get gradients() {
      gradients ??= pullback();
      return gradients;
    },
  };
}

/** dL/d of the stream after a step, to before it. */
export type Pullback = (d: Float64Array) => Float64Array;
