/** A picture as SVG: with the patches that are no longer in the sequence tinted over, or with a map over its grey. */
import { type ModelSpec, tokenGrid } from '@vssm/families';
import { heatPixels, heatShare } from '@vssm/report/heat';
import type { Prepared } from './pictures.ts';

const namespace = 'http://www.w3.org/2000/svg';

/** Path of the cells that are not kept, one unit a cell. */
export function prunedPath(spec: ModelSpec, kept: ReadonlySet<number>): string {
  const { height, width } = tokenGrid(spec);
  let path = '';
  for (let cell = 0; cell < height * width; cell++) {
    if (!kept.has(cell)) path += `M${cell % width} ${Math.floor(cell / width)}h1v1h-1z`;
  }
  return path;
}

/** @param kept cells of the grid; null: all of them */
export function drawPicture(
  picture: string,
  { seen }: Prepared,
  spec: ModelSpec,
  kept: ReadonlySet<number> | null,
  alt: string,
): SVGSVGElement {
  const { height, width } = tokenGrid(spec);
  const svg = element('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': alt });
  const image = element('image', {
    href: picture,
    width: String(width),
    height: String(height),
    preserveAspectRatio: 'none',
  });
  image.style.imageRendering = seen.width < 100 ? 'pixelated' : 'auto';
  svg.append(image);
  if (kept !== null) svg.append(element('path', { class: 'pruned', d: prunedPath(spec, kept) }));
  return svg as SVGSVGElement;
}

/** @param map of the grid's cells in raster order, at least 0 each */
export function drawMap(
  picture: string,
  prepared: Prepared,
  spec: ModelSpec,
  map: Float64Array,
  alt: string,
): SVGSVGElement {
  const grid = tokenGrid(spec);
  const svg = drawPicture(picture, prepared, spec, null, alt);
  (svg.firstChild as SVGElement).style.filter = 'grayscale(1)';
  const heat = element('image', {
    class: 'read',
    href: pixelsUrl({ ...grid, data: heatPixels(map) }),
    width: String(grid.width),
    height: String(grid.height),
    preserveAspectRatio: 'none',
    opacity: String(heatShare),
  });
  heat.style.imageRendering = 'pixelated';
  svg.append(heat);
  return svg;
}

/** The 8-bit picture as a data URL. */
export function pictureUrl({ seen }: Prepared): string {
  return pixelsUrl(seen);
}

function pixelsUrl({ width, height, data }: Prepared['seen']): string {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d')!;
  const pixels = context.createImageData(width, height);
  for (let from = 0, to = 0; from < data.length; to += 4) {
    pixels.data[to] = data[from++];
    pixels.data[to + 1] = data[from++];
    pixels.data[to + 2] = data[from++];
    pixels.data[to + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
  return canvas.toDataURL();
}

function element(name: string, attributes: Readonly<Record<string, string>>): SVGElement {
  const made = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
