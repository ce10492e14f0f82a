/**
 * Polygons to runs, pixel for pixel as pycocotools' `rleFrPoly` (cocoapi, common/maskApi.c): corners are rounded
 * to a grid five times as fine, the outline is walked on that grid, and wherever it passes the middle of a pixel
 * column, the run of that column begins or ends.
 */
import { UserError } from '@vssm/core';
import { checkSize, type Rle, rleUnion } from './rle.ts';

const fineness = 5;
/** Beyond this a corner leaves the 32-bit grid. */
const maxCoordinate = 1e8;
/** Steps on the fine grid round one polygon: hundreds of times round the largest photograph. */
const maxSteps = 2 ** 25;

/**
 * The mask of one polygon.
 *
 * @param corners x, y, x, y, … in pixels, the outline being closed from the last to the first. A point or a line
 *   is legal beside real polygons, and covers what upstream says it covers
 * @param name what the user knows it as, for messages
 * @throws UserError for half a corner or none, or one that is not a finite number of moderate size
 */
export function rleFromPolygon(corners: ArrayLike<number>, height: number, width: number, name: string): Rle {
  const pixels = checkSize(height, width, name);
  const { x, y } = fineCorners(corners, name);
  const crossings: number[] = [];
  let lastX = 0;
  let lastY = 0;
  let first = true;
  const visit = (nextX: number, nextY: number) => {
    if (!first && nextX !== lastX) addCrossing(crossings, lastX, lastY, nextX, nextY, height, width);
    first = false;
    lastX = nextX;
    lastY = nextY;
  };
  for (let at = 0; at + 1 < x.length; at++) walkEdge(x[at], y[at], x[at + 1], y[at + 1], visit);
  return { height, width, counts: runsBetween(crossings, pixels) };
}

/** The union of the polygons of one object, of which the first must have three corners or more. */
export function rleFromPolygons(
  polygons: readonly ArrayLike<number>[],
  height: number,
  width: number,
  name: string,
): Rle {
  if (polygons.length === 0) throw new UserError(`${name}: no polygon in its segmentation`);
  if (polygons[0].length < 6) throw tooShort(polygons[0], name);
  return rleUnion(polygons.map((corners) => rleFromPolygon(corners, height, width, name)));
}

function tooShort(corners: ArrayLike<number>, name: string): UserError {
  return new UserError(
    `${name}: a polygon of ${corners.length} numbers; expected x, y of three corners or more`,
  );
}

/** Corners on the fine grid, the first again at the end. */
function fineCorners(corners: ArrayLike<number>, name: string): { x: Int32Array; y: Int32Array } {
  if (corners.length < 2 || corners.length % 2 !== 0) throw tooShort(corners, name);
  const count = corners.length / 2;
  const x = new Int32Array(count + 1);
  const y = new Int32Array(count + 1);
  for (let at = 0; at < count; at++) {
    x[at] = onFineGrid(corners[2 * at], name);
    y[at] = onFineGrid(corners[2 * at + 1], name);
  }
  x[count] = x[0];
  y[count] = y[0];
  let steps = 0;
  for (let at = 0; at < count; at++) {
    steps += Math.max(Math.abs(x[at] - x[at + 1]), Math.abs(y[at] - y[at + 1])) + 1;
  }
  if (steps > maxSteps) {
    throw new UserError(
      `${name}: a polygon of ${Math.round(steps / fineness)} pixels round; is it of this image?`,
    );
  }
  return { x, y };
}

function onFineGrid(coordinate: number, name: string): number {
  if (!(Math.abs(coordinate) <= maxCoordinate)) {
    throw new UserError(`${name}: polygon coordinate ${coordinate} is not a place in an image`);
  }
  return Math.trunc(fineness * coordinate + 0.5);
}

/**
 * All places of the fine grid from one corner to the next, both included: steps of one along the longer axis, the
 * other axis rounded. Walked from the lower end and reported in the outline's direction, as upstream does, so
 * that an edge rounds alike from both sides.
 */
function walkEdge(
  fromX: number,
  fromY: number,
  toX: number,
  toY: number,
  visit: (x: number, y: number) => void,
): void {
  const across = Math.abs(toX - fromX);
  const down = Math.abs(toY - fromY);
  if (across === 0 && down === 0) {
    visit(fromX, fromY);
    return;
  }
  const flat = across >= down;
  const steps = flat ? across : down;
  const flip = flat ? fromX > toX : fromY > toY;
  const x = flip ? toX : fromX;
  const y = flip ? toY : fromY;
  const endX = flip ? fromX : toX;
  const endY = flip ? fromY : toY;
  const slope = flat ? (endY - y) / across : (endX - x) / down;
  for (let step = 0; step <= steps; step++) {
    const along = flip ? steps - step : step;
    if (flat) visit(along + x, Math.trunc(y + slope * along + 0.5));
    else visit(Math.trunc(x + slope * along + 0.5), along + y);
  }
}

/** A step across the middle of a pixel column, as the place in the image where the column's run changes. */
function addCrossing(
  crossings: number[],
  fromX: number,
  fromY: number,
  toX: number,
  toY: number,
  height: number,
  width: number,
): void {
  const forward = toX > fromX;
  const column = ((forward ? toX - 1 : toX) + 0.5) / fineness - 0.5;
  if (Math.floor(column) !== column || column < 0 || column > width - 1) return;
  const exact = (Math.min(fromY, toY) + 0.5) / fineness - 0.5;
  const row = Math.ceil(Math.min(Math.max(exact, 0), height));
  crossings.push(column * height + row);
}

/** Runs between sorted places; two changes at one place cancel out. */
function runsBetween(crossings: readonly number[], pixels: number): Uint32Array {
  const places = new Uint32Array(crossings.length + 1);
  places.set(crossings);
  places[crossings.length] = pixels;
  places.sort();
  const runs = new Uint32Array(places.length);
  let written = 0;
  let before = 0;
  for (let at = 0; at < places.length; at++) {
    const run = places[at] - before;
    before = places[at];
    if (run > 0 || at === 0) {
      runs[written++] = run;
    } else if (++at < places.length) {
      runs[written - 1] += places[at] - before;
      before = places[at];
    }
  }
  return runs.slice(0, written);
}
