/** Every row of a matrix to one number, in float64; reductions.ts has the formulas and the kinds. The stride is bytes. */

const clip: i32 = 0;
const sum: i32 = 1;
const l1: i32 = 2;
const l2: i32 = 3;

// @ts-ignore: decorator
@inline
function partsOf(kind: i32, two: v128): v128 {
  if (kind == sum) return two;
  if (kind == l1) return f64x2.abs(two);
  if (kind == clip) return f64x2.max(two, f64x2.splat(0));
  return f64x2.mul(two, two);
}

// @ts-ignore: decorator
@inline
function rows(kind: i32, length: i32, channels: i32, x: usize, stride: i32, to: usize): void {
  const whole = (channels & ~3) << 2;
  const end = channels << 2;
  for (let token = 0; token < length; token++) {
    // Two sums, neither of which waits for the other.
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (let at = 0; at < whole; at += 16) {
      const four = v128.load(x + at);
      low = f64x2.add(low, partsOf(kind, f64x2.promote_low_f32x4(four)));
      high = f64x2.add(high, partsOf(kind, f64x2.promote_low_f32x4(v128.shuffle<u64>(four, four, 1, 0))));
    }
    for (let at = whole; at < end; at += 4) {
      const one = f64x2.replace_lane(f64x2.splat(0), 0, <f64>load<f32>(x + at));
      low = f64x2.add(low, partsOf(kind, one));
    }
    const sums = f64x2.add(low, high);
    const all = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    store<f64>(to, kind == l2 ? sqrt<f64>(all) : all);
    x += stride;
    to += 8;
  }
}

/** Of a known kind each, so that no loop asks. */
export function reduceRows(kind: i32, length: i32, channels: i32, x: usize, stride: i32, to: usize): void {
  if (kind == clip) rows(clip, length, channels, x, stride, to);
  else if (kind == sum) rows(sum, length, channels, x, stride, to);
  else if (kind == l1) rows(l1, length, channels, x, stride, to);
  else rows(l2, length, channels, x, stride, to);
}
