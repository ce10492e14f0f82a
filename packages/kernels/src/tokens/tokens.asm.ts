/** What a pruning step does to whole tokens: gathering the kept rows. */

/**
 * Row i of `to` = row indices[i] of `from`, `width` floats each. Returns the first i whose index is not in
 * 0 … length - 1, at which it stops, or -1.
 */
export function gatherRows(
  length: i32,
  count: i32,
  width: i32,
  from: usize,
  fromStride: i32,
  indices: usize,
  to: usize,
  toStride: i32,
): i32 {
  const whole = (width & ~7) << 2;
  const bytes = width << 2;
  for (let i = 0; i < count; i++) {
    const index = load<i32>(indices + (i << 2));
    if (<u32>index >= <u32>length) return i;
    const row = from + index * fromStride;
    let at = 0;
    for (; at < whole; at += 32) {
      const left = v128.load(row + at);
      const right = v128.load(row + at, 16);
      v128.store(to + at, left);
      v128.store(to + at, right, 16);
    }
    for (; at < bytes; at += 4) store<f32>(to + at, load<f32>(row + at));
    to += toStride;
  }
  return -1;
}
