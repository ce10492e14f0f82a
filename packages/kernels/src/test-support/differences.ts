/** For the tests of gradients: central differences in float64, and errors relative to the largest value. */
/** Central differences with steps of 1e-5 are good to about 1e-10; what is asked is a relative 1e-5. */
export const differenceTolerance = 1e-5;
/** Relative to the largest value of an output; float32 over a few hundred steps, and exp to 2e-7 at each of them. */
export const kernelTolerance = 1e-4;

/** Σ y · weights, for a scalar to differentiate. */
export function dot(y: ArrayLike<number>, weights: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum += y[i] * weights[i];
  return sum;
}

/** Largest difference between the gradient and central differences of `loss` over every input, relative to the largest. */
export function differenceError(
  loss: () => number,
  inputs: Readonly<Record<string, Float64Array>>,
  gradients: Readonly<Record<string, Float64Array>>,
): number {
  let error = 0;
  for (const [name, input] of Object.entries(inputs)) {
    let scale = 1e-3;
    let worst = 0;
    for (let i = 0; i < input.length; i++) {
      const value = input[i];
      const step = 1e-5 * Math.max(1, Math.abs(value));
      input[i] = value + step;
      const above = loss();
      input[i] = value - step;
      const slope = (above - loss()) / (2 * step);
      input[i] = value;
      scale = Math.max(scale, Math.abs(slope));
      worst = Math.max(worst, Math.abs(slope - gradients[name][i]));
    }
    error = Math.max(error, worst / scale);
  }
  return error;
}

export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let error = 0;
  let scale = 1e-3;
  for (let i = 0; i < want.length; i++) {
    if (!Number.isFinite(got[i])) return Number.POSITIVE_INFINITY;
    error = Math.max(error, Math.abs(got[i] - want[i]));
    scale = Math.max(scale, Math.abs(want[i]));
  }
  return error / scale;
}
