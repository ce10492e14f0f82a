/**
 * A matrix product in plain loops, for signals that no segment leaves by itself: some 0.5 ms per million
 * multiply-adds, which only a rule that names such a signal pays.
 */

/** rows [L, E] · weightᵀ (+ bias), weight [d, E] → [L, d] */
export function project(
  rows: Float32Array,
  inputs: number,
  { weight, bias }: { readonly weight: Float32Array; readonly bias?: Float32Array },
): Float32Array {
  const outputs = weight.length / inputs;
  const length = rows.length / inputs;
  const projected = new Float32Array(length * outputs);
  const whole = inputs - (inputs % 4);
  for (let row = 0; row < length; row++) {
    const from = row * inputs;
    for (let out = 0; out < outputs; out++) {
      const column = out * inputs;
      // Four sums at a time: one alone waits for each addition to end.
      let [a, b, c, d] = [bias === undefined ? 0 : bias[out], 0, 0, 0];
      let i = 0;
      for (; i < whole; i += 4) {
        a += rows[from + i] * weight[column + i];
        b += rows[from + i + 1] * weight[column + i + 1];
        c += rows[from + i + 2] * weight[column + i + 2];
        d += rows[from + i + 3] * weight[column + i + 3];
      }
      for (; i < inputs; i++) a += rows[from + i] * weight[column + i];
      projected[row * outputs + out] = a + b + (c + d);
    }
  }
  return projected;
}
