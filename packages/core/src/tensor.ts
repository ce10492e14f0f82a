/** Named, typed, row-major arrays: the form in which weights and images travel between packages. */

/** Storage types by their safetensors names. */
export type DType = 'F64' | 'F32' | 'I64' | 'I32' | 'U8';

export type TensorData = Float64Array | Float32Array | BigInt64Array | Int32Array | Uint8Array;

export interface Tensor<D extends TensorData = TensorData> {
  readonly dtype: DType;
  /** Row-major: the last axis is contiguous. */
  readonly shape: readonly number[];
  readonly data: D;
}

export type NamedTensors = ReadonlyMap<string, Tensor>;

/** Weights that a model is built from: floating point, float32 whatever the file stored. */
export type Weights = ReadonlyMap<string, Tensor<Float32Array>>;

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, axis) => product * axis, 1);
}

/** Whether both have the same axes. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((axis, index) => axis === b[index]);
}

/** A tensor over `data`, which is not copied. @param data as many numbers as the shape has, row-major */
export function float32(shape: readonly number[], data: Float32Array): Tensor<Float32Array> {
  return { dtype: 'F32', shape, data };
}
