/** The length of every row, summed in float64; lengths.ts has the formula. The stride is bytes. */

export function rowLengths(length: i32, channels: i32, x: usize, stride: i32, to: usize): void {
  const whole = (channels & ~3) << 2;
  const end = channels << 2;
  for (let token = 0; token < length; token++) {
    // Two sums, neither of which waits for the other.
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (let at = 0; at < whole; at += 16) {
      const four = v128.load(x + at);
      const first = f64x2.promote_low_f32x4(four);
      const last = f64x2.promote_low_f32x4(v128.shuffle<u64>(four, four, 1, 0));
      low = f64x2.add(low, f64x2.mul(first, first));
      high = f64x2.add(high, f64x2.mul(last, last));
    }
    const sums = f64x2.add(low, high);
    let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    for (let at = whole; at < end; at += 4) {
      const value = <f64>load<f32>(x + at);
      sum += value * value;
    }
    store<f64>(to, sqrt<f64>(sum));
    x += stride;
    to += 8;
  }
}
