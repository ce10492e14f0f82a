/**
 * A picture with what was answered drawn over it. Everything is placed in pixels of the stored image, so that the
 * drawing is as sharp as the screen; colours follow the page's theme.
 */
import { type DrawnImage, decodeRuns } from '@vssm/results';
import { html, type Markup } from '../../html.ts';
import type { ClassColours } from './class-colours.ts';
import { letterShare, placeNames } from './names-on-picture.ts';
import { outlinePath } from './outline.ts';

type Window = DrawnImage['windows'][number];
export type Found = Extract<DrawnImage['prediction'], { kind: 'detections' }>;
export type Detection = Found['best'][number];
export type Labels = Extract<DrawnImage['prediction'], { kind: 'labels' }>;

/** Detections are drawn from this score on; where none has it, the best few. */
const drawnScore = 0.3;
const mostDrawn = 10;
const atLeast = 5;

export function drawnDetections({ best }: Found): readonly Detection[] {
  const sure = best.filter(({ score }) => score >= drawnScore);
  return sure.length > 0 ? sure.slice(0, mostDrawn) : best.slice(0, atLeast);
}

/** @param path of the picture's file */
export function drawnPicture(
  { height, width, picture }: DrawnImage,
  path: string,
  layers: readonly (Markup | null)[],
  alt: string,
): Markup {
  const coarse = picture.width < 200 ? 'pixelated' : 'auto';
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${alt}"><image href="${path}" width="${width}" height="${height}" preserveAspectRatio="none" style="image-rendering:${coarse}"/>${layers}</svg>`;
}

/** Raster indices of the cells that are gone at the end. */
export function goneCells({ grid, kept }: Window): readonly number[] {
  const last = kept.at(-1);
  if (last === undefined) return [];
  const there = new Set(last.cells);
  return Array.from({ length: grid.height * grid.width }, (_, cell) => cell).filter(
    (cell) => !there.has(cell),
  );
}

/** Hatching of a picture, from side to side. */
const hatchLines = 36;

/** Pruned patches: dimmed and hatched; null where there are none. */
export function goneLayer({ width: imageWidth, windows }: DrawnImage): Markup | null {
  const layers = windows.flatMap((window) => {
    const cells = goneCells(window);
    if (cells.length === 0) return [];
    const { left, top, width, height, grid } = window;
    const place = `translate(${short(left)} ${short(top)}) scale(${short(width / grid.width)} ${short(height / grid.height)})`;
    const corners = cells.map((cell) => [cell % grid.width, Math.floor(cell / grid.width)] as const);
    const dimmed = corners.map(([x, y]) => `M${x} ${y}h1v1h-1z`).join('');
    const linesPerCell = (hatchLines / grid.width) * (width / imageWidth);
    const step = linesPerCell >= 1 ? 1 / Math.round(linesPerCell) : Math.round(1 / linesPerCell);
    const hatched = corners.map(([x, y]) => hatching(x, y, step)).join('');
    return [
      html`<g transform="${place}"><path class="gone" d="${dimmed}"/><path class="hatch" d="${hatched}"/></g>`,
    ];
  });
  return layers.length === 0 ? null : html`${layers}`;
}

/**
 * The diagonals x + y = multiples of `step` within one cell, so that neighbouring cells' lines meet.
 *
 * @param step in cells
 */
export function hatching(x: number, y: number, step: number): string {
  let path = '';
  for (let line = Math.floor((x + y) / step) + 1; line * step < x + y + 2; line++) {
    const offset = line * step - x - y;
    const inner = short(Math.min(offset, 1));
    const outer = short(Math.max(offset - 1, 0));
    path += `M${x + outer} ${y + inner}L${x + inner} ${y + outer}`;
  }
  return path;
}

/** Masks, the best on top. */
export function maskLayer(
  { height, width, picture }: DrawnImage,
  detections: readonly Detection[],
  colours: ClassColours,
): Markup {
  const fromPicture = `scale(${short(width / picture.width)} ${short(height / picture.height)})`;
  const masks = detections.toReversed().map(({ mask, class: { index } }) => {
    if (mask === null) return null;
    const pixels = decodeRuns(mask, picture.height * picture.width);
    const path = outlinePath((pixel) => pixels[pixel] === 1, picture.width, picture.height);
    if (path === '') return null;
    return html`<path class="mask" transform="${fromPicture}" style="--own:${colours.of(index)}" d="${path}"/>`;
  });
  return html`${masks}`;
}

/** Boxes, then their names, the best on top. */
export function boxLayer(image: DrawnImage, detections: readonly Detection[], colours: ClassColours): Markup {
  const boxes = detections.toReversed().map(({ box, class: { index } }) => {
    const [left, top, right, bottom] = box.map(short);
    const path = `M${left} ${top}H${right}V${bottom}H${left}z`;
    return html`<path class="halo" d="${path}"/><path class="box" style="--own:${colours.of(index)}" d="${path}"/>`;
  });
  return html`${boxes}${nameLayer(image, detections, colours)}`;
}

function nameLayer(
  image: Pick<DrawnImage, 'height' | 'width'>,
  detections: readonly Detection[],
  colours: ClassColours,
): readonly Markup[] {
  const letter = image.width * letterShare;
  const names = detections.map(({ class: { name }, score, box }) => ({
    text: `${clipped(name)} ${score.toFixed(2)}`,
    box,
  }));
  return placeNames(names, image)
    .map(({ x, y, width, height }, at) => {
      const { index } = detections[at].class;
      return html`<g class="name" style="--own:${colours.of(index)}"><rect x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}"/>
<text x="${short(x + 0.3 * letter)}" y="${short(y + letter)}" font-size="${short(letter)}">${names[at].text}</text></g>`;
    })
    .toReversed();
}

function clipped(name: string): string {
  return name.length <= 24 ? name : `${name.slice(0, 23)}…`;
}

/** The class of every pixel as translucent areas; classes without a colour of their own are one area. */
export function labelLayer(
  { height, width, picture }: DrawnImage,
  { classes, labels }: Labels,
  colours: ClassColours,
): Markup {
  const fromPicture = `scale(${short(width / picture.width)} ${short(height / picture.height)})`;
  const pixels = decodeRuns(labels, picture.height * picture.width);
  const byColour = Map.groupBy(classes.keys(), (place) => colours.of(classes[place].index));
  const areas = [...byColour].map(([own, places]) => {
    const path = outlinePath((pixel) => places.includes(pixels[pixel]), picture.width, picture.height);
    return html`<path class="area" style="--own:${own}" d="${path}"/>`;
  });
  return html`<g transform="${fromPicture}">${areas}</g>`;
}

/** Share of the picture by class index. */
export function labelShares(
  { picture }: DrawnImage,
  { classes, labels }: Labels,
): ReadonlyMap<number, number> {
  const pixels = picture.height * picture.width;
  const shares = new Map<number, number>();
  for (let at = 0; at < labels.length; at += 2) {
    const { index } = classes[labels[at]];
    shares.set(index, (shares.get(index) ?? 0) + labels[at + 1] / pixels);
  }
  return shares;
}

/** Enough digits for the hundredth part of a pixel. */
function short(value: number): number {
  return Number(value.toFixed(value < 10 ? 4 : 2));
}
