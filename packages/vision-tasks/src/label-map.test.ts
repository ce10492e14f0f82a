import { describe, expect, it } from 'vitest';
import { labelMap, type WindowLogits } from './label-map.ts';
import type { Size } from './maps.ts';
import { visionReference } from './model/index.ts';
import { type Window, windowsOf } from './windows.ts';

const { linearTaps } = visionReference;

/** The same map written plainly: every class at every pixel, one after another. */
function plainly(parts: readonly WindowLogits[], input: Size, original: Size): Uint16Array {
  const rows = linearTaps(input.height, original.height);
  const columns = linearTaps(input.width, original.width);
  const averaged = (c: number, y: number, x: number) => {
    let sum = 0;
    let count = 0;
    for (const { window, logits } of parts) {
      if (y < window.top || y >= window.bottom || x < window.left || x >= window.right) continue;
      const row = linearTaps(logits.height, window.bottom - window.top)[y - window.top];
      const column = linearTaps(logits.width, window.right - window.left)[x - window.left];
      const at = (line: number, place: number) =>
        logits.values[(c * logits.height + line) * logits.width + place];
      const blended = (place: number) => mix(at(row.first, place), at(row.second, place), row.weight);
      sum += mix(blended(column.first), blended(column.second), column.weight);
      count++;
    }
    return sum / count;
  };
  const classes = parts[0].logits.channels;
  return Uint16Array.from({ length: original.height * original.width }, (_, pixel) => {
    const row = rows[Math.floor(pixel / original.width)];
    const column = columns[pixel % original.width];
    let best = 0;
    let highest = -Infinity;
    for (let c = 0; c < classes; c++) {
      const blended = (x: number) => mix(averaged(c, row.first, x), averaged(c, row.second, x), row.weight);
      const logit = mix(blended(column.first), blended(column.second), column.weight);
      if (logit > highest) [best, highest] = [c, logit];
    }
    return best;
  });
}

function mix(a: number, b: number, share: number): number {
  return a * (1 - share) + b * share;
}

/** The same numbers in -0.5 … 0.5 every time. */
function noise(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
}

const classes = 7;
const cells = 6;

function partsOf(windows: readonly Window[], values: (index: number) => Float32Array): WindowLogits[] {
  return windows.map((window, i) => ({
    window,
    logits: { channels: classes, height: cells, width: cells, values: values(i) },
  }));
}

function expectSame(parts: readonly WindowLogits[], input: Size, original: Size): Uint16Array {
  const labels = labelMap(parts, input, original);
  expect(labels).toEqual(plainly(parts, input, original));
  return labels;
}

describe('label map', () => {
  const input = { height: 24, width: 32 };
  const whole = windowsOf({ mode: 'whole' }, input);

  it.each([
    ['the size of the input', input],
    ['a larger original', { height: 41, width: 53 }],
    ['a smaller original', { height: 9, width: 7 }],
    ['one pixel', { height: 1, width: 1 }],
  ])('is that of every class at every pixel: %s', (_, original) => {
    const labels = expectSame(
      partsOf(whole, () => noise(classes * cells * cells, 1)),
      input,
      original,
    );
    if (labels.length > 1) expect(new Set(labels).size).toBeGreaterThan(3);
  });

  it('is so where windows overlap', () => {
    const windows = windowsOf({ mode: 'slide', crop: 16, stride: 10 }, input);
    expect(windows.length).toBeGreaterThan(4);
    const parts = partsOf(windows, (i) => noise(classes * cells * cells, i));
    expectSame(parts, input, { height: 37, width: 50 });
  });

  it('gives regions that one class holds to it, and shares their borders as ever', () => {
    const values = noise(classes * cells * cells, 3);
    for (let y = 0; y < cells; y++) {
      for (let x = 0; x < cells; x++) values[((x < 3 ? 5 : 2) * cells + y) * cells + x] += 4;
    }
    const labels = expectSame(
      partsOf(whole, () => values),
      input,
      { height: 60, width: 80 },
    );
    expect(new Set(labels)).toEqual(new Set([2, 5]));
  });

  it('takes the lowest class among equals, in whatever order they come', () => {
    const area = cells * cells;
    const values = noise(classes * area, 4);
    // The same map twice, of which the higher class has one larger logit, so that it is looked at first.
    const winner = noise(area, 5).map((value) => value + 2);
    values.set(winner, 2 * area);
    values.set(winner, 6 * area);
    values[6 * area + area - 1] += 1;
    const labels = expectSame(
      partsOf(whole, () => values),
      input,
      { height: 48, width: 64 },
    );
    expect(new Set(labels)).toEqual(new Set([2, 6]));
    expect(labels[0]).toBe(2);
  });

  it('passes over a class where its logits are no numbers', () => {
    const values = noise(classes * cells * cells, 6);
    values.fill(Number.NaN, 0, cells * cells + 9);
    values[2 * cells * cells] = Number.POSITIVE_INFINITY;
    values[3 * cells * cells + 20] = Number.NEGATIVE_INFINITY;
    expectSame(
      partsOf(whole, () => values),
      input,
      { height: 30, width: 40 },
    );
  });
});
