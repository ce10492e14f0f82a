/**
 * One picture with what the classifier has read of it, as an image: the picture as the model sees it, under a plan that
 * prunes the patches that are left at the end, and the map over the picture's grey; class and probability above, the
 * scale below.
 */
import { type RgbImage, resizeBicubic } from '@vssm/datasets';
import { heatColour, heatShare, largestOf } from '@vssm/report/heat';
import type { Lettering } from './lettering.ts';

export interface Explained {
  /** As the model sees it, before normalisation. */
  readonly seen: RgbImage;
  readonly grid: { readonly height: number; readonly width: number };
  /** [H·W], parts of what is read. */
  readonly map: Float64Array;
  /** Cells that are left after the last step; null: all, nothing is pruned. */
  readonly kept: ReadonlySet<number> | null;
  /** `Ankle boot, 93 %`, and what else is known. */
  readonly title: string;
  readonly subtitle: string;
  /** `mean over 8 blocks` */
  readonly blocks: string;
}

type Colour = readonly [number, number, number];

const paper: Colour = [253, 252, 249];
const ink: Colour = [28, 31, 36];
const muted: Colour = [91, 97, 108];
/** Of patches that are gone, over the picture. */
const gone: Colour = [79, 131, 135];
const goneShare = 0.8;

/** Pixels: least side of a panel, space around and between, height of the scale. */
const leastSide = 384;
const margin = 16;
const between = 16;
const bar = 14;

export function drawExplained(picture: Explained, lettering: Lettering): RgbImage {
  const { kept, map, grid } = picture;
  const panel = enlarged(picture.seen);
  const panels: (readonly [RgbImage, string])[] = [[panel, 'as the model sees it']];
  if (kept !== null) {
    const count = `${kept.size} of ${grid.height * grid.width} patches are left`;
    panels.push([overCells(panel, grid, (cell) => (kept.has(cell) ? null : [gone, goneShare])), count]);
  }
  const most = largestOf(map);
  const heat = overCells(grey(panel), grid, (cell) => [
    heatColour(most === 0 ? 0 : map[cell] / most),
    heatShare,
  ]);
  panels.push([heat, `what it reads, ${picture.blocks}`]);

  const line = lettering.height + 4;
  const width = 2 * margin + panels.length * panel.width + (panels.length - 1) * between;
  const top = margin + 2 * line + 6;
  const below = top + panel.height + 8;
  const image = blank(width, below + 2 * line + bar + margin, paper);
  const room = width - 2 * margin;
  lettering.draw(image, lettering.fitting(picture.title, room), margin, margin, ink);
  lettering.draw(image, lettering.fitting(picture.subtitle, room), margin, margin + line, muted);
  for (const [i, [one, label]] of panels.entries()) {
    const left = margin + i * (panel.width + between);
    paste(image, one, left, top);
    lettering.draw(image, lettering.fitting(label, panel.width), left, below, muted);
  }
  scale(image, lettering, width - margin - panel.width, below + line, panel.width, most);
  return image;
}

/** The colours from nothing to the most that a patch has, and these two in words. */
function scale(
  image: RgbImage,
  lettering: Lettering,
  left: number,
  top: number,
  width: number,
  most: number,
) {
  for (let column = 0; column < width; column++) {
    const colour = heatColour(column / (width - 1));
    for (let row = 0; row < bar; row++)
      image.data.set(colour, 3 * ((top + row) * image.width + left + column));
  }
  const end = `${(100 * most).toPrecision(2)} % of all that is read`;
  lettering.draw(image, '0', left, top + bar + 2, muted);
  lettering.draw(image, end, left + width - lettering.width(end), top + bar + 2, muted);
}

function blank(width: number, height: number, colour: Colour): RgbImage {
  const data = new Uint8Array(3 * width * height);
  for (let at = 0; at < data.length; at += 3) data.set(colour, at);
  return { width, height, data };
}

/** A whole number of times as large: small pictures with their pixels shown, photographs smoothly. */
function enlarged(image: RgbImage): RgbImage {
  const { width, height, data } = image;
  const times = Math.max(1, Math.ceil(leastSide / Math.min(width, height)));
  if (times === 1) return image;
  if (width >= 100) return resizeBicubic(image, times * width, times * height);
  const large = blank(times * width, times * height, paper);
  for (let y = 0; y < large.height; y++) {
    for (let x = 0; x < large.width; x++) {
      const from = 3 * (Math.floor(y / times) * width + Math.floor(x / times));
      large.data.set(data.subarray(from, from + 3), 3 * (y * large.width + x));
    }
  }
  return large;
}

/** ITU-R 601 luma. */
function grey({ width, height, data }: RgbImage): RgbImage {
  const out = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 3) {
    out.fill(0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2], at, at + 3);
  }
  return { width, height, data: out };
}

/** @param of a cell in raster order: a colour and its part in what is seen; null: the picture as it is */
function overCells(
  { width, height, data }: RgbImage,
  grid: Explained['grid'],
  of: (cell: number) => readonly [colour: Colour, share: number] | null,
): RgbImage {
  const out = data.slice();
  const cells = Array.from({ length: grid.height * grid.width }, (_, cell) => of(cell));
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * grid.height) / height);
    for (let x = 0; x < width; x++) {
      const own = cells[row * grid.width + Math.floor((x * grid.width) / width)];
      if (own === null) continue;
      const [colour, share] = own;
      const at = 3 * (y * width + x);
      for (let channel = 0; channel < 3; channel++) {
        out[at + channel] = data[at + channel] + share * (colour[channel] - data[at + channel]);
      }
    }
  }
  return { width, height, data: out };
}

function paste(onto: RgbImage, image: RgbImage, left: number, top: number): void {
  for (let row = 0; row < image.height; row++) {
    const own = image.data.subarray(3 * row * image.width, 3 * (row + 1) * image.width);
    onto.data.set(own, 3 * ((top + row) * onto.width + left));
  }
}
