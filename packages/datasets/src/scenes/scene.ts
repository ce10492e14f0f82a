/**
 * A scene: a square picture of several articles of Fashion-MNIST at different scales and places over a texture, later ones
 * in front of earlier ones, with the class of every pixel and the visible pixels of every article. Everything follows
 * from a seed, the scene's index and the source.
 */
import { splitmix64, uniformNumbers } from '@vssm/core';
import type { ImageDataset } from '../dataset.ts';
import type { RgbImage } from '../image.ts';
import { type Article, articleOf, articleSide } from './article.ts';
import { colour, texture } from './texture.ts';

/** Pixels on a side of a scene. */
export const sceneSide = 64;

/** Articles that a scene asks for; those that find no place are left out. */
const fewest = 3;
const most = 6;
/** Side of the square that an article came from, in the scene; pixels. */
const smallestSide = 18;
const largestSide = 42;
/** Either way, radians. */
const largestTurn = Math.PI / 12;
/** Places tried for an article. */
const attempts = 20;
/** What must stay visible of an article: pixels, and the share of those that it has in front of everything. */
const leastPixels = 30;
const leastShare = 0.4;

/** An article in a scene. */
export interface SceneObject {
  /** Class, 0 … 9. */
  readonly label: number;
  /** Visible pixels, rising, row by row. */
  readonly pixels: readonly number[];
}

export interface Scene {
  readonly picture: RgbImage;
  /** [64, 64]: class + 1 of the article in front, one more than the last where there is none. */
  readonly labels: Uint8Array;
  /** From back to front. */
  readonly objects: readonly SceneObject[];
}

/** @param source whose test images have ten classes, as openFashionMnist gives them */
export async function makeScene(source: ImageDataset, seed: number, index: number): Promise<Scene> {
  const uniform = uniformNumbers(seedOf(seed, index));
  const levels = texture(sceneSide, uniform);
  const placed: Placed[] = [];
  const asked = fewest + Math.floor(uniform() * (most - fewest + 1));
  for (let article = 0; article < asked; article++) {
    const own = await articleOf(source, Math.floor(uniform() * source.samples.length));
    const found = placeAmong(placed, own, uniform);
    if (found === undefined) continue;
    paint(levels, found, uniform);
    placed.push(found);
  }
  const owners = ownersOf(placed);
  const background = source.classes.length + 1;
  return {
    picture: { width: sceneSide, height: sceneSide, data: Uint8Array.from(levels, level) },
    labels: Uint8Array.from(owners, (owner) => (owner < 0 ? background : placed[owner].label + 1)),
    objects: placed.map(({ label }, own) => ({
      label,
      pixels: Array.from(owners.keys()).filter((pixel) => owners[pixel] === own),
    })),
  };
}

/** What an article covers. */
interface Placed {
  readonly label: number;
  /** [64, 64]: 0 … 1. */
  readonly coverage: Float64Array;
  /** [64, 64], 0 … 255. */
  readonly grey: Float64Array;
}

/** An article where it hides none of the others too much; undefined where no place was found. */
function placeAmong(placed: readonly Placed[], article: Article, uniform: () => number): Placed | undefined {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const side = smallestSide * (largestSide / smallestSide) ** uniform();
    const centre = () => side / 4 + (sceneSide - side / 2) * uniform();
    const candidate = place(article, {
      side,
      x: centre(),
      y: centre(),
      turn: largestTurn * (2 * uniform() - 1),
      mirrored: uniform() < 0.5,
    });
    if (isVisible([...placed, candidate])) return candidate;
  }
  return undefined;
}

function isVisible(placed: readonly Placed[]): boolean {
  const owners = ownersOf(placed);
  return placed.every(({ coverage }, own) => {
    const alone = coverage.reduce((sum, share) => sum + Number(share >= 0.5), 0);
    const visible = owners.reduce((sum, owner) => sum + Number(owner === own), 0);
    return visible >= leastPixels && visible >= leastShare * alone;
  });
}

/** Which article is in front at each pixel; -1: none. A pixel is an article's where half of it is covered. */
function ownersOf(placed: readonly Placed[]): Int32Array {
  const owners = new Int32Array(sceneSide ** 2).fill(-1);
  for (const [own, { coverage }] of placed.entries()) {
    for (let pixel = 0; pixel < owners.length; pixel++) if (coverage[pixel] >= 0.5) owners[pixel] = own;
  }
  return owners;
}

interface Pose {
  readonly side: number;
  /** Of the centre. */
  readonly x: number;
  readonly y: number;
  readonly turn: number;
  readonly mirrored: boolean;
}

/** Places within a pixel that are looked at: 2x2. */
const within = [0.25, 0.75];

function place({ label, silhouette, grey }: Article, { side, x, y, turn, mirrored }: Pose): Placed {
  const scale = articleSide / side;
  const [cos, sin] = [scale * Math.cos(turn), scale * Math.sin(turn)];
  const coverage = new Float64Array(sceneSide ** 2);
  const shade = new Float64Array(sceneSide ** 2);
  // Half the diagonal, whichever way it is turned.
  const reach = side * Math.SQRT1_2 + 1;
  const first = (centre: number) => Math.max(0, Math.floor(centre - reach));
  const end = (centre: number) => Math.min(sceneSide, Math.ceil(centre + reach));
  for (let row = first(y); row < end(y); row++) {
    for (let column = first(x); column < end(x); column++) {
      let covered = 0;
      let shaded = 0;
      for (const down of within) {
        for (const right of within) {
          const dx = column + right - x;
          const dy = row + down - y;
          const across = (mirrored ? -1 : 1) * (dx * cos + dy * sin) + articleSide / 2;
          const along = dy * cos - dx * sin + articleSide / 2;
          const share = sampled(silhouette, across, along);
          covered += share / 4;
          if (share > 0) shaded += (share / 4) * sampled(grey, across, along);
        }
      }
      const pixel = row * sceneSide + column;
      coverage[pixel] = covered;
      shade[pixel] = covered > 0 ? shaded / covered : 0;
    }
  }
  return { label, coverage, grey: shade };
}

/** Between the four nearest pixels, straight; 0 beyond the border. Pixel i lies at i + 0.5. */
function sampled(map: Uint8Array, x: number, y: number): number {
  const column = Math.floor(x - 0.5);
  const row = Math.floor(y - 0.5);
  const right = x - 0.5 - column;
  const down = y - 0.5 - row;
  const at = (r: number, c: number) =>
    r < 0 || c < 0 || r >= articleSide || c >= articleSide ? 0 : map[r * articleSide + c];
  const above = at(row, column) * (1 - right) + at(row, column + 1) * right;
  const below = at(row + 1, column) * (1 - right) + at(row + 1, column + 1) * right;
  return above * (1 - down) + below * down;
}

/** Black cloth keeps this share of its colour. */
const darkest = 0.2;

/** Dyes the article in a colour that says nothing about its class, over what is there. */
function paint(levels: Float64Array, { coverage, grey }: Placed, uniform: () => number): void {
  const dye = colour(uniform, 90, 255);
  for (const [pixel, share] of coverage.entries()) {
    const light = darkest + ((1 - darkest) * grey[pixel]) / 255;
    for (let channel = 0; channel < 3; channel++) {
      const at = 3 * pixel + channel;
      levels[at] = levels[at] * (1 - share) + dye[channel] * light * share;
    }
  }
}

function level(value: number): number {
  return Math.min(255, Math.max(0, Math.round(value)));
}

function seedOf(seed: number, index: number): number {
  return Number(splitmix64(splitmix64(BigInt(seed)) ^ BigInt(index)) & 0xffffffffn);
}
