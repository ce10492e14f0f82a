/**
 * Label maps: the logits of the windows are resized to the windows' size, averaged where they overlap, resized to the
 * original image, and the best class wins. That happens tile by tile of the original image, the classes of a tile by
 * falling highest logit: what resizing and averaging give is nowhere above the highest logit that they read, so the
 * tile is done once that of the next class is below what has been found at every pixel. No map of all classes at full
 * size is ever held.
 */
import type { NumberMap, Size } from './maps.ts';
import { visionReference } from './model/index.ts';
import type { Window } from './windows.ts';

const { linearTaps } = visionReference;

/** The logits of one window, at whatever size the head gives them. */
export interface WindowLogits {
  readonly window: Window;
  readonly logits: NumberMap;
}

/** Pixels of the original image on a side of a tile. */
const tileSide = 16;

/**
 * Rounding may carry a resized logit beyond the logits it is made of, by a few units in the last place for each of
 * the four sums that it goes through and for the average. This share of the largest logit is far more than that.
 */
const roundingShare = 1e-12;

/** The two source lines of each target line and the share of the second, one array each. */
interface Taps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Float64Array;
}

/** Averaged logits at the size of the network's input. */
export interface AveragedLogits {
  readonly classes: number;
  /** Those of class `c` in a part of the input, [bottom - top, right - left], into the beginning of `into`. */
  read(c: number, part: Window, into: Float64Array): void;
  /** No logit that `read` gives for a class in a part of the input is above the class's entry, [classes]. */
  bound(part: Window, into: Float64Array): void;
}

export function averagedLogits(parts: readonly WindowLogits[], input: Size): AveragedLogits {
  const prepared = parts.map(({ window, logits }) => ({
    window,
    logits,
    rows: tapsOf(logits.height, window.bottom - window.top),
    columns: tapsOf(logits.width, window.right - window.left),
    blended: new Float64Array(logits.width),
  }));
  const shares = parts.length === 1 ? undefined : windowsAt(parts, input);
  return {
    classes: parts[0].logits.channels,
    read(c, part, into) {
      const width = part.right - part.left;
      into.fill(0, 0, (part.bottom - part.top) * width);
      for (const { window, logits, rows, columns, blended } of prepared) {
        const { top, left, bottom, right } = within(part, window);
        if (top >= bottom || left >= right) continue;
        const { first, second, weight } = columns;
        const [from, to] = [left - window.left, right - window.left];
        for (let y = top; y < bottom; y++) {
          blendRows(logits, c, rows, y - window.top, first[from], second[to - 1], blended);
          const start = (y - part.top) * width + window.left - part.left;
          for (let x = from; x < to; x++) {
            into[start + x] += blended[first[x]] * (1 - weight[x]) + blended[second[x]] * weight[x];
          }
        }
      }
      if (shares === undefined) return;
      for (let y = part.top, at = 0; y < part.bottom; y++) {
        for (let x = part.left; x < part.right; x++) into[at++] /= shares[y * input.width + x];
      }
    },
    bound(part, into) {
      into.fill(-Infinity);
      for (const { window, logits, rows, columns } of prepared) {
        const { top, left, bottom, right } = within(part, window);
        if (top >= bottom || left >= right) continue;
        raise(into, logits, {
          top: rows.first[top - window.top],
          left: columns.first[left - window.left],
          bottom: rows.second[bottom - 1 - window.top] + 1,
          right: columns.second[right - 1 - window.left] + 1,
        });
      }
    },
  };
}

/** Raises each class's bound to its logits in a part of a map, and a little above them. */
function raise(
  bounds: Float64Array,
  { height, width, values }: NumberMap,
  { top, left, bottom, right }: Window,
): void {
  for (let c = 0; c < bounds.length; c++) {
    let high = -Infinity;
    let low = Infinity;
    for (let y = top; y < bottom; y++) {
      const start = (c * height + y) * width;
      for (let at = start + left; at < start + right; at++) {
        high = Math.max(high, values[at]);
        low = Math.min(low, values[at]);
      }
    }
    const bound = high + roundingShare * Math.max(high, -low);
    // NaN and infinities have no bound.
    bounds[c] = Math.max(bounds[c], Number.isFinite(bound) ? bound : Infinity);
  }
}

/** One row of a window's resized logits, before its columns are resized, from column `from` to `to` inclusive. */
function blendRows(
  { height, width, values }: NumberMap,
  c: number,
  { first, second, weight }: Taps,
  row: number,
  from: number,
  to: number,
  blended: Float64Array,
): void {
  const above = (c * height + first[row]) * width;
  const below = (c * height + second[row]) * width;
  const share = weight[row];
  for (let x = from; x <= to; x++) {
    blended[x] = values[above + x] * (1 - share) + values[below + x] * share;
  }
}

/**
 * The class of every pixel of the original image, [height, width]; the lowest class wins among equals. Upstream
 * takes a softmax first, which does not change the order.
 */
export function labelMap(parts: readonly WindowLogits[], input: Size, original: Size): Uint16Array {
  const averaged = averagedLogits(parts, input);
  const rows = tapsOf(input.height, original.height);
  const columns = tapsOf(input.width, original.width);
  const labels = new Uint16Array(original.height * original.width);
  const bounds = new Float64Array(averaged.classes);
  const buffers = {
    logits: new Float64Array(longestRead(rows) * longestRead(columns)),
    blended: new Float64Array(longestRead(columns)),
    highest: new Float64Array(tileSide * tileSide),
  };
  for (const [top, bottom] of tilesOf(original.height)) {
    for (const [left, right] of tilesOf(original.width)) {
      const tile = { top, left, bottom, right };
      const read = {
        top: rows.first[top],
        left: columns.first[left],
        bottom: rows.second[bottom - 1] + 1,
        right: columns.second[right - 1] + 1,
      };
      averaged.bound(read, bounds);
      buffers.highest.fill(-Infinity);
      let found = -Infinity;
      for (let c = takeHighest(bounds, found); c >= 0; c = takeHighest(bounds, found)) {
        averaged.read(c, read, buffers.logits);
        found = keepHighest(c, read, tile, rows, columns, buffers, labels);
      }
    }
  }
  return labels;
}

/** The class of the highest bound, -1 where that is below what was found; its bound is struck out. */
function takeHighest(bounds: Float64Array, found: number): number {
  let best = -1;
  let highest = found;
  for (let c = 0; c < bounds.length; c++) {
    if (bounds[c] > highest || (best < 0 && bounds[c] === highest)) {
      highest = bounds[c];
      best = c;
    }
  }
  if (best >= 0) bounds[best] = Number.NaN;
  return best;
}

interface Buffers {
  /** Of one class, at the input's size. */
  readonly logits: Float64Array;
  readonly blended: Float64Array;
  /** The highest logit so far of each pixel of the tile. */
  readonly highest: Float64Array;
}

/**
 * Labels a tile's pixels where the logits of class `c`, resized to the original's size, are above the highest so far,
 * or equal to those of a higher class.
 *
 * @returns the lowest, over the pixels, of the highest logit so far
 */
function keepHighest(
  c: number,
  read: Window,
  tile: Window,
  rows: Taps,
  { first, second, weight }: Taps,
  { logits, blended, highest }: Buffers,
  labels: Uint16Array,
): number {
  const width = read.right - read.left;
  const originalWidth = first.length;
  let found = Infinity;
  let pixel = 0;
  for (let y = tile.top; y < tile.bottom; y++) {
    const above = (rows.first[y] - read.top) * width;
    const below = (rows.second[y] - read.top) * width;
    const share = rows.weight[y];
    for (let x = 0; x < width; x++) {
      blended[x] = logits[above + x] * (1 - share) + logits[below + x] * share;
    }
    const row = y * originalWidth;
    for (let x = tile.left; x < tile.right; x++, pixel++) {
      const logit =
        blended[first[x] - read.left] * (1 - weight[x]) + blended[second[x] - read.left] * weight[x];
      if (logit > highest[pixel] || (logit === highest[pixel] && c < labels[row + x])) {
        highest[pixel] = logit;
        labels[row + x] = c;
      }
      if (highest[pixel] < found) found = highest[pixel];
    }
  }
  return found;
}

function tapsOf(from: number, to: number): Taps {
  const taps = linearTaps(from, to);
  return {
    first: Int32Array.from(taps, ({ first }) => first),
    second: Int32Array.from(taps, ({ second }) => second),
    weight: Float64Array.from(taps, ({ weight }) => weight),
  };
}

/** First and end of every tile along a side. */
function tilesOf(side: number): readonly (readonly [number, number])[] {
  return Array.from({ length: Math.ceil(side / tileSide) }, (_, i) => [
    i * tileSide,
    Math.min((i + 1) * tileSide, side),
  ]);
}

/** How many source lines a tile reads at most. */
function longestRead({ first, second }: Taps): number {
  return Math.max(...tilesOf(first.length).map(([start, end]) => second[end - 1] + 1 - first[start]));
}

/** How many windows hold each pixel of the input. */
function windowsAt(parts: readonly WindowLogits[], { height, width }: Size): Float64Array {
  const counts = new Float64Array(height * width);
  for (const { window } of parts) {
    for (let y = window.top; y < window.bottom; y++) {
      for (let x = window.left; x < window.right; x++) counts[y * width + x]++;
    }
  }
  return counts;
}

function within(part: Window, window: Window): Window {
  return {
    top: Math.max(part.top, window.top),
    left: Math.max(part.left, window.left),
    bottom: Math.min(part.bottom, window.bottom),
    right: Math.min(part.right, window.right),
  };
}
