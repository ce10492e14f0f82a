/**
 * What training does to rows beside products: elementwise operations that broadcast, copies, sums, norms and their
 * gradients, rows by number. Counts and strides of `binary` and `copy` are floats, other strides bytes; the caller has
 * checked everything. tensor.ts calls them.
 */
import { multiplyAdd, sumOfLanes } from '../common/math.asm';
import { SCRATCH } from '../common/workspace.asm';

/** Four equal numbers each, for the side that stands still. */
const standingA: usize = SCRATCH;
const standingB: usize = SCRATCH + 16;

/** to [d0, d1, d2], adjacent, = a + b or a · b, where a stride of 0 repeats; d2's strides are 0 or 1. */
export function binary(
  multiplied: bool,
  d0: i32,
  d1: i32,
  d2: i32,
  a: usize,
  a0: i32,
  a1: i32,
  a2: i32,
  b: usize,
  b0: i32,
  b1: i32,
  b2: i32,
  to: usize,
): void {
  for (let i = 0; i < d0; i++) {
    for (let j = 0; j < d1; j++) {
      const fromA = a + ((i * a0 + j * a1) << 2);
      const fromB = b + ((i * b0 + j * b1) << 2);
      if (!a2) v128.store(standingA, v128.load32_splat(fromA));
      if (!b2) v128.store(standingB, v128.load32_splat(fromB));
      if (multiplied) multiplyRow(d2, a2 ? fromA : standingA, a2, b2 ? fromB : standingB, b2, to);
      else addRow(d2, a2 ? fromA : standingA, a2, b2 ? fromB : standingB, b2, to);
      to += <usize>d2 << 2;
    }
  }
}

function addRow(count: i32, a: usize, a2: i32, b: usize, b2: i32, to: usize): void {
  const vectors = count & ~3;
  let i = 0;
  for (; i < vectors; i += 4) {
    v128.store(to, f32x4.add(v128.load(a), v128.load(b)));
    a += a2 << 4;
    b += b2 << 4;
    to += 16;
  }
  for (; i < count; i++) {
    store<f32>(to, load<f32>(a) + load<f32>(b));
    a += a2 << 2;
    b += b2 << 2;
    to += 4;
  }
}

function multiplyRow(count: i32, a: usize, a2: i32, b: usize, b2: i32, to: usize): void {
  const vectors = count & ~3;
  let i = 0;
  for (; i < vectors; i += 4) {
    v128.store(to, f32x4.mul(v128.load(a), v128.load(b)));
    a += a2 << 4;
    b += b2 << 4;
    to += 16;
  }
  for (; i < count; i++) {
    store<f32>(to, load<f32>(a) * load<f32>(b));
    a += a2 << 2;
    b += b2 << 2;
    to += 4;
  }
}

/** to = scale · x + shift */
export function affine(count: i32, scale: f32, shift: f32, x: usize, to: usize): void {
  const vectors = count & ~3;
  const scales = f32x4.splat(scale);
  const shifts = f32x4.splat(shift);
  let i = 0;
  for (; i < vectors; i += 4) {
    v128.store(to + (i << 2), multiplyAdd(v128.load(x + (i << 2)), scales, shifts));
  }
  for (; i < count; i++) store<f32>(to + (i << 2), load<f32>(x + (i << 2)) * scale + shift);
}

/** to = max(x, 0), or 1 where x > 0 and 0 elsewhere */
export function rectify(count: i32, slope: bool, x: usize, to: usize): void {
  for (let i = 0; i < count; i++) {
    const value = load<f32>(x + (i << 2));
    store<f32>(to + (i << 2), value > 0 ? (slope ? 1 : value) : 0);
  }
}

/** to [d0, d1, d2] = x, each with strides; a stride of 0 repeats. */
export function copy(
  d0: i32,
  d1: i32,
  d2: i32,
  x: usize,
  x0: i32,
  x1: i32,
  x2: i32,
  to: usize,
  to0: i32,
  to1: i32,
): void {
  for (let i = 0; i < d0; i++) {
    for (let j = 0; j < d1; j++) {
      let from = x + ((i * x0 + j * x1) << 2);
      const out = to + ((i * to0 + j * to1) << 2);
      if (x2 == 1) {
        memory.copy(out, from, <usize>d2 << 2);
        continue;
      }
      for (let k = 0; k < d2; k++) {
        store<f32>(out + (k << 2), load<f32>(from));
        from += x2 << 2;
      }
    }
  }
}

/** x [outer, middle, inner] → to [outer, inner] */
export function sum(outer: i32, middle: i32, inner: i32, x: usize, to: usize): void {
  for (let i = 0; i < outer; i++) {
    if (inner == 1) {
      store<f32>(to, sumOfRow(middle, x));
      x += <usize>middle << 2;
      to += 4;
      continue;
    }
    memory.fill(to, 0, <usize>inner << 2);
    for (let j = 0; j < middle; j++) {
      addRow(inner, to, 1, x, 1, to);
      x += <usize>inner << 2;
    }
    to += <usize>inner << 2;
  }
}

function sumOfRow(count: i32, x: usize): f32 {
  const vectors = count & ~3;
  let sums = f32x4.splat(0);
  let i = 0;
  for (; i < vectors; i += 4) sums = f32x4.add(sums, v128.load(x + (i << 2)));
  let total = sumOfLanes(sums);
  for (; i < count; i++) total += load<f32>(x + (i << 2));
  return total;
}

/** Σ (x - mean)² */
function squares(count: i32, x: usize, mean: f32): f32 {
  const vectors = count & ~3;
  const means = f32x4.splat(mean);
  let sums = f32x4.splat(0);
  let i = 0;
  for (; i < vectors; i += 4) {
    const value = f32x4.sub(v128.load(x + (i << 2)), means);
    sums = multiplyAdd(value, value, sums);
  }
  let total = sumOfLanes(sums);
  for (; i < count; i++) {
    const value = load<f32>(x + (i << 2)) - mean;
    total += value * value;
  }
  return total;
}

/** (x - mean) / sqrt(variance + epsilon) · weight + bias over each row; not centred: mean 0; `bias` may be 0. */
export function norm(
  rows: i32,
  width: i32,
  centred: bool,
  epsilon: f32,
  x: usize,
  weight: usize,
  bias: usize,
  to: usize,
): void {
  for (let row = 0; row < rows; row++) {
    const mean: f32 = centred ? sumOfRow(width, x) / <f32>width : 0;
    const scale: f32 = 1 / Mathf.sqrt(squares(width, x, mean) / <f32>width + epsilon);
    const means = f32x4.splat(mean);
    const scales = f32x4.splat(scale);
    const vectors = width & ~3;
    let i = 0;
    for (; i < vectors; i += 4) {
      const at = <usize>i << 2;
      const normed = f32x4.mul(f32x4.sub(v128.load(x + at), means), scales);
      const shift = bias ? v128.load(bias + at) : f32x4.splat(0);
      v128.store(to + at, multiplyAdd(normed, v128.load(weight + at), shift));
    }
    for (; i < width; i++) {
      const at = <usize>i << 2;
      const shift: f32 = bias ? load<f32>(bias + at) : 0;
      store<f32>(to + at, (load<f32>(x + at) - mean) * scale * load<f32>(weight + at) + shift);
    }
    x += <usize>width << 2;
    to += <usize>width << 2;
  }
}

/**
 * With n the standardised row and dn = dy · weight: dx = scale (dn - mean(dn) - n mean(dn n)), without mean(dn) where
 * the norm is not centred; dWeight = Σ dy n and, where there is one, dBias = Σ dy, both overwritten.
 */
export function normBackward(
  rows: i32,
  width: i32,
  centred: bool,
  epsilon: f32,
  x: usize,
  weight: usize,
  dy: usize,
  dx: usize,
  dWeight: usize,
  dBias: usize,
): void {
  memory.fill(dWeight, 0, <usize>width << 2);
  if (dBias) memory.fill(dBias, 0, <usize>width << 2);
  const vectors = width & ~3;
  const one: f32 = 1;
  const share: f32 = one / <f32>width;
  for (let row = 0; row < rows; row++) {
    const mean: f32 = centred ? sumOfRow(width, x) * share : 0;
    const scale: f32 = one / Mathf.sqrt(squares(width, x, mean) * share + epsilon);
    const means = f32x4.splat(mean);
    const scales = f32x4.splat(scale);
    let slopes = f32x4.splat(0);
    let alongs = f32x4.splat(0);
    let i = 0;
    for (; i < vectors; i += 4) {
      const at = <usize>i << 2;
      const normed = f32x4.mul(f32x4.sub(v128.load(x + at), means), scales);
      const slope = v128.load(dy + at);
      const own = f32x4.mul(slope, v128.load(weight + at));
      slopes = f32x4.add(slopes, own);
      alongs = multiplyAdd(own, normed, alongs);
      v128.store(dWeight + at, multiplyAdd(slope, normed, v128.load(dWeight + at)));
      if (dBias) v128.store(dBias + at, f32x4.add(slope, v128.load(dBias + at)));
    }
    let total = sumOfLanes(slopes);
    let along = sumOfLanes(alongs);
    for (; i < width; i++) {
      const at = <usize>i << 2;
      const normed = (load<f32>(x + at) - mean) * scale;
      const slope = load<f32>(dy + at);
      total += slope * load<f32>(weight + at);
      along += slope * load<f32>(weight + at) * normed;
      store<f32>(dWeight + at, load<f32>(dWeight + at) + slope * normed);
      if (dBias) store<f32>(dBias + at, load<f32>(dBias + at) + slope);
    }
    const level: f32 = centred ? total * share : 0;
    along *= share;
    const levels = f32x4.splat(level);
    const tilts = f32x4.splat(along);
    for (i = 0; i < vectors; i += 4) {
      const at = <usize>i << 2;
      const normed = f32x4.mul(f32x4.sub(v128.load(x + at), means), scales);
      const own = f32x4.sub(f32x4.mul(v128.load(dy + at), v128.load(weight + at)), levels);
      v128.store(dx + at, f32x4.mul(scales, f32x4.sub(own, f32x4.mul(normed, tilts))));
    }
    for (; i < width; i++) {
      const at = <usize>i << 2;
      const normed = (load<f32>(x + at) - mean) * scale;
      store<f32>(dx + at, scale * (load<f32>(dy + at) * load<f32>(weight + at) - level - normed * along));
    }
    x += <usize>width << 2;
    dy += <usize>width << 2;
    dx += <usize>width << 2;
  }
}

/** Row indices[i] of x becomes row i of `to`, or, scattered, the other way around. */
export function moveRows(count: i32, width: i32, scattered: bool, indices: usize, x: usize, to: usize): void {
  const bytes = <usize>width << 2;
  for (let i = 0; i < count; i++) {
    const other = load<i32>(indices + (i << 2)) * bytes;
    const own = i * bytes;
    memory.copy(to + (scattered ? other : own), x + (scattered ? own : other), bytes);
  }
}
