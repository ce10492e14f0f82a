/**
 * How a map over the grid of a picture is drawn, in reports, on the page and as files alike: the picture grey, and over
 * each cell the colour of its value. Inferno is perceptually uniform: equal steps of the value look equal.
 */
import { interpolateInferno } from 'd3-scale-chromatic';

/** Part of the colour in what is seen, the rest is the picture's grey. */
export const heatShare = 0.78;

/** RGB of a value from 0 to 1, 0 … 255 each. */
export function heatColour(value: number): readonly [number, number, number] {
  const hex = Number.parseInt(interpolateInferno(Math.min(1, Math.max(0, value))).slice(1), 16);
  return [hex >> 16, (hex >> 8) & 255, hex & 255];
}

/** One pixel a cell, RGB, the largest value the brightest. @param map at least 0 each */
export function heatPixels(map: ArrayLike<number>): Uint8Array {
  const most = largestOf(map);
  const pixels = new Uint8Array(3 * map.length);
  for (let cell = 0; cell < map.length; cell++) {
    pixels.set(heatColour(most === 0 ? 0 : map[cell] / most), 3 * cell);
  }
  return pixels;
}

/** Of a map's values; 0 of none. */
export function largestOf(map: ArrayLike<number>): number {
  let most = 0;
  for (let cell = 0; cell < map.length; cell++) most = Math.max(most, map[cell]);
  return most;
}

/** The scale beside a map, as a CSS gradient from 0 to the largest value. */
export function heatGradient(): string {
  const stops = Array.from({ length: 9 }, (_, i) => `rgb(${heatColour(i / 8).join(' ')})`);
  return `linear-gradient(to right, ${stops.join(', ')})`;
}
