/** Backgrounds of scenes: one of four patterns between two colours, and fine grain over it. */

/** Red, green, blue, each 0 … 255. */
export type Colour = readonly [number, number, number];

/** The share of the second colour at a place, 0 … 1; in pixels. */
type Pattern = (x: number, y: number) => number;

/** Levels that the grain moves a pixel up or down by, at most. */
const grain = 10;

/** A square picture, RGB, `side * side * 3` levels. */
export function texture(side: number, uniform: () => number): Float64Array {
  const [one, other] = [colour(uniform, 35, 220), colour(uniform, 35, 220)];
  const pattern = patterns[Math.floor(uniform() * patterns.length)](uniform);
  const levels = new Float64Array(side * side * 3);
  for (let pixel = 0; pixel < side * side; pixel++) {
    const share = pattern(pixel % side, Math.floor(pixel / side));
    const speck = grain * (2 * uniform() - 1);
    for (let channel = 0; channel < 3; channel++) {
      levels[3 * pixel + channel] = one[channel] * (1 - share) + other[channel] * share + speck;
    }
  }
  return levels;
}

/** Each channel by itself, in a range. */
export function colour(uniform: () => number, least: number, most: number): Colour {
  const level = () => least + (most - least) * uniform();
  return [level(), level(), level()];
}

const patterns: readonly ((uniform: () => number) => Pattern)[] = [clouds, stripes, checks, dots];

/** Smooth noise: random values on a lattice, and between them straight lines; a coarse one and a finer one. */
function clouds(uniform: () => number): Pattern {
  const layers = [lattice(uniform, 12 + 12 * uniform()), lattice(uniform, 4 + 4 * uniform())];
  return (x, y) => 0.65 * layers[0](x, y) + 0.35 * layers[1](x, y);
}

/** Points on a side: enough for 64 pixels at the finest pitch. */
const points = 20;

function lattice(uniform: () => number, pitch: number): Pattern {
  const values = Float64Array.from({ length: points * points }, uniform);
  const at = (row: number, column: number) => values[(row % points) * points + (column % points)];
  return (x, y) => {
    const [column, row] = [Math.floor(x / pitch), Math.floor(y / pitch)];
    const [right, down] = [x / pitch - column, y / pitch - row];
    const above = at(row, column) * (1 - right) + at(row, column + 1) * right;
    const below = at(row + 1, column) * (1 - right) + at(row + 1, column + 1) * right;
    return above * (1 - down) + below * down;
  };
}

function stripes(uniform: () => number): Pattern {
  const angle = Math.PI * uniform();
  const period = 5 + 12 * uniform();
  const [right, down, phase] = [Math.cos(angle) / period, Math.sin(angle) / period, uniform()];
  return (x, y) => {
    const place = x * right + y * down + phase;
    // Up and down again, straight.
    return Math.abs(2 * (place - Math.floor(place)) - 1);
  };
}

function checks(uniform: () => number): Pattern {
  const side = 3 + 9 * uniform();
  const [left, top] = [side * uniform(), side * uniform()];
  return (x, y) => (Math.floor((x + left) / side) + Math.floor((y + top) / side)) % 2;
}

function dots(uniform: () => number): Pattern {
  const pitch = 6 + 8 * uniform();
  const reach = pitch * (0.2 + 0.2 * uniform());
  const [left, top] = [pitch * uniform(), pitch * uniform()];
  return (x, y) => {
    const [across, along] = [(x + left) % pitch, (y + top) % pitch];
    return Number((across - pitch / 2) ** 2 + (along - pitch / 2) ** 2 < reach ** 2);
  };
}
