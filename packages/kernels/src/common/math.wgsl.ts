/**
 * SiLU and softplus in WGSL, accurate to a few units in the last place of float32. WGSL promises log only to an
 * absolute 2^-21 near 1, which is nothing of a small Δ; and infinities may be assumed away, so none is made.
 */

export const wgslSilu = `
fn silu(x: f32) -> f32 {
  return x / (1.0 + exp(min(-x, 80.0)));
}`;

/**
 * softplus(x) = max(x, 0) + log(1 + t), t = exp(-|x|), and log(1 + t) = 2 artanh(s) with s = t / (2 + t) <= 1/3:
 * the next term of the series, 2 s^17 / 17, is below 1e-9.
 */
export const wgslSoftplus = `
fn softplus(x: f32) -> f32 {
  let t = exp(-min(abs(x), 80.0));
  let s = t / (2.0 + t);
  let q = s * s;
  let series = 1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0
    + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q * (1.0 / 15.0)))))));
  return max(x, 0.0) + 2.0 * s * series;
}`;
