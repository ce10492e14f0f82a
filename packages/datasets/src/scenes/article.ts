/**
 * Fashion-MNIST's articles cut out of their black ground: a silhouette and a grey value for each of 28x28 pixels. The
 * ground is 0 there, but so is some of the cloth, so small holes belong to the article and large ones do not.
 */
import type { ImageDataset } from '../dataset.ts';

/** Pixels on a side of an article. */
export const articleSide = 28;

export interface Article {
  /** Class, 0 … 9. */
  readonly label: number;
  /** [28, 28]: 1 where the article is. */
  readonly silhouette: Uint8Array;
  /** [28, 28] */
  readonly grey: Uint8Array;
}

/** Fainter than this is the ground: the pictures' scaling left traces of a few levels around the articles. */
const faintest = 12;
/** Holes of more pixels show what is behind. */
const largestHole = 10;
/** Scraps of fewer pixels are no part of an article. */
const smallestPart = 6;

/** An article by its place in the data set. */
export async function articleOf(dataset: ImageDataset, index: number): Promise<Article> {
  const { data } = await dataset.preview(index);
  const grey = Uint8Array.from({ length: articleSide ** 2 }, (_, pixel) => data[3 * pixel]);
  return { label: dataset.samples[index].label, silhouette: silhouetteOf(grey), grey };
}

/** @param grey [28, 28] */
export function silhouetteOf(grey: Uint8Array): Uint8Array {
  const silhouette = Uint8Array.from(grey, (level) => Number(level >= faintest));
  for (const part of regions(silhouette, 1)) {
    if (part.length < smallestPart) for (const pixel of part) silhouette[pixel] = 0;
  }
  for (const hole of regions(silhouette, 0)) {
    const open = hole.some((pixel) => isAtBorder(pixel));
    if (!open && hole.length <= largestHole) for (const pixel of hole) silhouette[pixel] = 1;
  }
  return silhouette;
}

/** Pixels of a value that touch along their sides, region by region. */
function regions(map: Uint8Array, value: number): number[][] {
  const seen = new Set<number>();
  const found: number[][] = [];
  for (const [start, own] of map.entries()) {
    if (own !== value || seen.has(start)) continue;
    const region = [start];
    seen.add(start);
    for (const pixel of region) {
      for (const next of neighbours(pixel)) {
        if (map[next] !== value || seen.has(next)) continue;
        seen.add(next);
        region.push(next);
      }
    }
    found.push(region);
  }
  return found;
}

function neighbours(pixel: number): number[] {
  const [row, column] = [Math.floor(pixel / articleSide), pixel % articleSide];
  return [
    ...(row > 0 ? [pixel - articleSide] : []),
    ...(row < articleSide - 1 ? [pixel + articleSide] : []),
    ...(column > 0 ? [pixel - 1] : []),
    ...(column < articleSide - 1 ? [pixel + 1] : []),
  ];
}

function isAtBorder(pixel: number): boolean {
  return neighbours(pixel).length < 4;
}
