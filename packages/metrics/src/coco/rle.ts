/**
 * Run-length encoded masks as COCO stores them: pixels are counted down the columns, column by column, in
 * alternating runs that begin with background, so `counts[1]`, `counts[3]`, … are the foreground. A run may be 0
 * long. The code is pycocotools' (cocoapi, common/maskApi.c), and so are areas, boxes and unions.
 */
import { UserError } from '@vssm/core';

export interface Rle {
  /** Pixels. */
  readonly height: number;
  readonly width: number;
  /** Lengths of the runs, background first; their sum is height times width. */
  readonly counts: Uint32Array;
}

/** Left, top, width, height; pixels. */
export type Box = readonly [left: number, top: number, width: number, height: number];

/** Runs are counted in 32 bits with a sign; no photograph comes near. */
const maxMaskPixels = 2 ** 31 - 1;

/**
 * A mask from its uncompressed runs.
 *
 * @param name what the user knows the mask as, for messages
 * @throws UserError when the runs are not whole numbers or do not fill the image
 */
export function rleFromCounts(counts: readonly unknown[], height: number, width: number, name: string): Rle {
  const pixels = checkSize(height, width, name);
  // A run of length 0 is legal, so the number of runs is bounded only by what the file already holds.
  const runs = new Uint32Array(counts.length);
  let filled = 0;
  for (let at = 0; at < counts.length; at++) {
    const run = counts[at];
    if (typeof run !== 'number' || !Number.isInteger(run) || run < 0 || run > pixels) {
      throw new UserError(`${name}: RLE count ${at} is ${String(run)}; expected a whole number of pixels`);
    }
    runs[at] = run;
    filled += run;
  }
  checkFilled(filled, height, width, name);
  return { height, width, counts: runs };
}

/**
 * A mask from COCO's compressed string: each count in groups of 5 bits, least significant first, one printable
 * character from `0` on for each group, bit 5 set when more follow; from the fourth count on, the difference to
 * the count before the last is stored.
 *
 * @param name what the user knows the mask as, for messages
 * @throws UserError when the string is not such a code or its runs do not fill the image
 */
export function rleFromString(text: string, height: number, width: number, name: string): Rle {
  const pixels = checkSize(height, width, name);
  const runs = new Uint32Array(text.length);
  let count = 0;
  let filled = 0;
  let at = 0;
  while (at < text.length) {
    let value = 0;
    let shift = 0;
    let group = 0x20;
    while ((group & 0x20) !== 0) {
      group = text.charCodeAt(at++) - 48;
      // Seven groups hold any 32-bit difference; past the end, charCodeAt gives NaN.
      if (!(group >= 0 && group < 64) || shift > 30) {
        throw new UserError(`${name}: RLE string is damaged at character ${at - 1}`);
      }
      value |= (group & 0x1f) << shift;
      shift += 5;
    }
    if ((group & 0x10) !== 0 && shift < 32) value |= -1 << shift;
    if (count > 2) value += runs[count - 2];
    if (value < 0 || value > pixels) {
      throw new UserError(`${name}: RLE count ${count} is ${value}; the image has ${pixels} pixels`);
    }
    runs[count++] = value;
    filled += value;
  }
  checkFilled(filled, height, width, name);
  return { height, width, counts: runs.slice(0, count) };
}

/** COCO's compressed string of a mask; `rleFromString` reads it back. */
export function rleToString(mask: Rle): string {
  const { counts } = mask;
  const codes: number[] = [];
  for (let at = 0; at < counts.length; at++) {
    let value = at > 2 ? counts[at] - counts[at - 2] : counts[at];
    let more = true;
    while (more) {
      const group = value & 0x1f;
      value = Math.floor(value / 32);
      more = (group & 0x10) === 0 ? value !== 0 : value !== -1;
      codes.push(48 + group + (more ? 0x20 : 0));
    }
  }
  return Buffer.from(codes).toString('latin1');
}

/**
 * The runs of a picture.
 *
 * @param mask [height, width], row by row; anything but 0 is foreground
 */
export function rleFromMask(mask: ArrayLike<number>, height: number, width: number): Rle {
  if (mask.length !== height * width) {
    throw new RangeError(`mask of ${mask.length} pixels for an image of ${height}x${width}`);
  }
  const counts: number[] = [];
  let inside = false;
  let run = 0;
  for (let column = 0; column < width; column++) {
    for (let place = column; place < mask.length; place += width) {
      if ((mask[place] !== 0) !== inside) {
        counts.push(run);
        run = 0;
        inside = !inside;
      }
      run++;
    }
  }
  counts.push(run);
  return { height, width, counts: Uint32Array.from(counts) };
}

/** The picture of a mask, [height, width] row by row, 1 for foreground. */
export function rleToMask({ height, width, counts }: Rle): Uint8Array {
  const mask = new Uint8Array(height * width);
  let place = 0;
  for (let at = 0; at < counts.length; at++) {
    const end = place + counts[at];
    if (at % 2 === 0) place = end;
    for (; place < end; place++) mask[(place % height) * width + Math.floor(place / height)] = 1;
  }
  return mask;
}

/** Foreground pixels. */
export function rleArea({ counts }: Rle): number {
  let area = 0;
  for (let at = 1; at < counts.length; at += 2) area += counts[at];
  return area;
}

/** The smallest box around the foreground; all 0 for a mask without any. */
export function rleBox({ height, width, counts }: Rle): Box {
  let left = width;
  let top = height;
  let right = -1;
  let bottom = -1;
  let place = 0;
  for (let at = 1; at < counts.length; at += 2) {
    place += counts[at - 1];
    const first = place;
    place += counts[at];
    if (counts[at] === 0) continue;
    const startRow = first % height;
    const startColumn = (first - startRow) / height;
    const endRow = (place - 1) % height;
    const endColumn = (place - 1 - endRow) / height;
    left = Math.min(left, startColumn);
    right = Math.max(right, endColumn);
    if (startColumn < endColumn) {
      top = 0;
      bottom = height - 1;
    } else {
      top = Math.min(top, startRow);
      bottom = Math.max(bottom, endRow);
    }
  }
  return right < 0 ? [0, 0, 0, 0] : [left, top, right - left + 1, bottom - top + 1];
}

/**
 * The union of masks of one size.
 *
 * @param masks at least one
 */
export function rleUnion(masks: readonly Rle[]): Rle {
  return masks.reduce(unionOfTwo);
}

function unionOfTwo(a: Rle, b: Rle): Rle {
  if (a.height !== b.height || a.width !== b.width) {
    throw new RangeError(`masks of ${a.height}x${a.width} and ${b.height}x${b.width} have no union`);
  }
  const counts = new Uint32Array(a.counts.length + b.counts.length + 1);
  let written = 0;
  let aLeft = a.counts[0] ?? 0;
  let bLeft = b.counts[0] ?? 0;
  let aNext = 1;
  let bNext = 1;
  let inA = false;
  let inB = false;
  let inside = false;
  let run = 0;
  let left = 1;
  while (left > 0) {
    const step = Math.min(aLeft, bLeft);
    run += step;
    aLeft -= step;
    if (aLeft === 0 && aNext < a.counts.length) {
      aLeft = a.counts[aNext++];
      inA = !inA;
    }
    bLeft -= step;
    if (bLeft === 0 && bNext < b.counts.length) {
      bLeft = b.counts[bNext++];
      inB = !inB;
    }
    left = aLeft + bLeft;
    const before: boolean = inside;
    inside = inA || inB;
    if (inside !== before || left === 0) {
      counts[written++] = run;
      run = 0;
    }
  }
  return { height: a.height, width: a.width, counts: counts.slice(0, written) };
}

/** @returns the number of pixels */
export function checkSize(height: number, width: number, name: string): number {
  const sound = Number.isInteger(height) && Number.isInteger(width) && height > 0 && width > 0;
  if (!sound || height * width > maxMaskPixels) {
    throw new UserError(
      `${name}: a mask of ${height}x${width}; expected height and width of at least 1, ${maxMaskPixels} pixels at most`,
    );
  }
  return height * width;
}

function checkFilled(filled: number, height: number, width: number, name: string): void {
  if (filled === height * width) return;
  const relation = filled > height * width ? 'longer' : 'shorter';
  throw new UserError(
    `${name}: its RLE is ${relation} than its image: ${filled} pixels for ${height}x${width}, which has ${height * width}`,
  );
}
