/** Real images with the patches that are still there after each pruning step; pruned patches are tinted over. */
import type { StripRecord } from '@vssm/results';
import type { FileSet } from '../files.ts';
import { html, type Markup, slug } from '../html.ts';
import { planName } from '../plan-names.ts';
import { encodePng } from '../png.ts';
import type { Context, Section } from './section.ts';

type StripImage = StripRecord['images'][number];

export function strip({ evidence, files }: Context): Section | null {
  if (evidence.strips.length === 0) return null;
  return {
    id: 'strip',
    title: 'What is kept',
    body: html`<p>Each row is one image as the model sees it, then the patches still in the sequence after each pruning step. Tinted patches
are gone from there on.</p>${evidence.strips.map(({ record }) => oneStrip(record, files))}`,
  };
}

function oneStrip(record: StripRecord, files: FileSet): Markup {
  const { model, plan, schedule, dataset, images } = record;
  return html`<h3>${model.name}, ${planName(plan)}, ${schedule}</h3>
<p class="aside">${dataset.name}, ${dataset.split} split. Under each image: its class, what the dense and what the pruned model say.</p>
<div class="strip">${images.map((image, index) => oneImage(image, files.uniqueId(`${slug(record.key)}-${index}`), record, files))}</div>`;
}

function oneImage(image: StripImage, name: string, record: StripRecord, files: FileSet): Markup {
  const path = `images/${name}.png`;
  const pixels = Buffer.from(image.pixels, 'base64');
  files.add(path, encodePng(pixels, image.width, image.height, image.channels));
  const { grid } = record;
  const patches = grid.height * grid.width;
  const protectedTokens = record.protectedTokens ?? (record.classToken === null ? [] : [record.classToken]);
  const steps = image.kept.map(({ after, positions }) => {
    const kept = keptPatches(positions, protectedTokens, patches);
    return html`<div class="step">${picture(path, image, grid, prunedPath(kept, grid), `${image.id} after block ${after}: ${kept.size} of ${patches} patches kept`)}
<span>after block ${after}<br>${kept.size} of ${patches}</span></div>`;
  });
  const right = (predicted: number) => (predicted === image.label.index ? 'right' : 'wrong');
  return html`<figure><div class="steps">
<div class="step">${picture(path, image, grid, '', `${image.id}: ${image.label.name}`)}<span>all<br>${patches} patches</span></div>${steps}</div>
<figcaption><strong>${image.label.name}</strong>${
    image.dense !== null && html` <span class="${right(image.dense.index)}">dense: ${image.dense.name}</span>`
  } <span class="${right(image.predicted.index)}">pruned: ${image.predicted.name}</span></figcaption></figure>
`;
}

/**
 * Patch indices (raster order) among token positions; protected tokens (class token, registers) sit in the sequence but
 * not on the grid.
 */
export function keptPatches(
  positions: readonly number[],
  protectedTokens: readonly number[],
  patches: number,
): Set<number> {
  const kept = new Set<number>();
  for (const position of positions) {
    if (protectedTokens.includes(position)) continue;
    const patch = position - protectedTokens.filter((other) => other < position).length;
    if (patch < patches) kept.add(patch);
  }
  return kept;
}

function prunedPath(kept: ReadonlySet<number>, { height, width }: StripRecord['grid']): string {
  let path = '';
  for (let patch = 0; patch < height * width; patch++) {
    if (!kept.has(patch)) path += `M${patch % width} ${Math.floor(patch / width)}h1v1h-1z`;
  }
  return path;
}

function picture(
  path: string,
  image: StripImage,
  { height, width }: StripRecord['grid'],
  dimmed: string,
  alt: string,
): Markup {
  const coarse = image.width < 100 ? 'pixelated' : 'auto';
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${alt}"><image href="${path}" width="${width}" height="${height}" preserveAspectRatio="none" style="image-rendering:${coarse}"/>${dimmed !== '' && html`<path class="pruned" d="${dimmed}"/>`}</svg>`;
}
