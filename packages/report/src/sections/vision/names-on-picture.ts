/** Where the names of boxes stand: at a corner of the box, within the picture, and not on each other where possible. */
import { boldness, textWidth } from '../../charts/text-width.ts';

/** Left, top, right, bottom; pixels of the image. */
export type Box = readonly [left: number, top: number, right: number, bottom: number];

export interface Size {
  readonly height: number;
  readonly width: number;
}

/** A name's background. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Side of the text's letters, as a share of the picture's width. */
export const letterShare = 1 / 27;

/**
 * For each box in turn: above it, inside at its top, below it, inside at its bottom, flush with its left side or else
 * with its right one; wherever there is room first. Where there is none, the free place nearest to the box's corner.
 */
export function placeNames(
  names: readonly { readonly text: string; readonly box: Box }[],
  image: Size,
): readonly Place[] {
  const letter = image.width * letterShare;
  const height = 1.35 * letter;
  const placed: Place[] = [];
  for (const { text, box } of names) {
    const width = Math.min(image.width, (boldness * textWidth(text) + 0.6) * letter);
    const [left, top, right, bottom] = box;
    const candidates = [left, right - width].flatMap((side) => {
      const x = within(side, image.width - width);
      return [top - height, top, bottom, bottom - height].map((y) => ({ x, y, width, height }));
    });
    const fits = candidates.filter(({ y }) => y >= 0 && y + height <= image.height);
    const isFree = (place: Place) => placed.every((other) => !overlap(place, other));
    const free = fits.find(isFree) ?? nearest(places(width, height, image), left, top, isFree);
    const chosen = free ?? fits[0] ?? candidates[0];
    placed.push({ ...chosen, y: within(chosen.y, image.height - height) });
  }
  return placed;
}

/** Over the whole picture, half a name's height apart. */
function places(width: number, height: number, image: Size): Place[] {
  const step = height / 2;
  const along = (room: number) => Array.from({ length: Math.floor(room / step) + 1 }, (_, at) => at * step);
  return along(image.height - height).flatMap((y) =>
    along(image.width - width).map((x) => ({ x, y, width, height })),
  );
}

function nearest(
  candidates: readonly Place[],
  left: number,
  top: number,
  fits: (place: Place) => boolean,
): Place | undefined {
  const distance = ({ x, y }: Place) => (x - left) ** 2 + (y - top) ** 2;
  return candidates.filter(fits).toSorted((a, b) => distance(a) - distance(b))[0];
}

function within(value: number, most: number): number {
  return Math.max(0, Math.min(value, most));
}

function overlap(a: Place, b: Place): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
