/**
 * Real images with the patches that are still there after each pruning step, pruned patches tinted over; and, where it
 * is known, what the classifier has read of each patch.
 */
import type { StripRecord } from '@vssm/results';
import type { FileSet } from '../files.ts';
import { heatGradient, heatPixels, heatShare, largestOf } from '../heat.ts';
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
are gone from there on.</p>${evidence.strips.some(({ record }) => record.images.some(({ read }) => read !== undefined)) && howToRead()}${evidence.strips.map(({ record }) => oneStrip(record, files))}`,
  };
}

function oneStrip(record: StripRecord, files: FileSet): Markup {
  const { model, plan, schedule, dataset, images } = record;
  return html`<h3>${model.name}, ${planName(plan, model)}, ${schedule}</h3>
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
  const maps =
    image.read === undefined
      ? []
      : (['dense', 'pruned'] as const).map((who) =>
          readMap(who, image.read![who], path, name, image, record, files),
        );
  const right = (predicted: number) => (predicted === image.label.index ? 'right' : 'wrong');
  return html`<figure><div class="steps">
<div class="step">${picture(path, image, grid, '', `${image.id}: ${image.label.name}`)}<span>all<br>${patches} patches</span></div>${steps}${maps}</div>
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

function howToRead(): Markup {
  return html`<p>The last pictures show what the dense and the pruned model have read of each patch: class contribution, its
part in a block of all that is read of patches, mean over the blocks; what is read, whatever it says for which class.
<span class="heat" style="background:${heatGradient()}" role="img" aria-label="the colours from nothing to the patch that most is read of"></span> from nothing to the patch that most is read of.</p>`;
}

/** The picture grey, and over it the colour of each patch. */
function readMap(
  who: 'dense' | 'pruned',
  map: readonly number[],
  path: string,
  name: string,
  image: StripImage,
  { grid }: StripRecord,
  files: FileSet,
): Markup {
  const heat = `images/${name}-${who}.png`;
  files.add(heat, encodePng(heatPixels(map), grid.width, grid.height, 3));
  const most = `${(100 * largestOf(map)).toPrecision(2)} %`;
  const alt = `${image.id}: what the ${who} model has read of each patch, ${most} of the one it read most of`;
  const { width, height } = grid;
  const over = html`<image href="${heat}" width="${width}" height="${height}" preserveAspectRatio="none" opacity="${heatShare}" style="image-rendering:pixelated"/>`;
  return html`<div class="step">${picture(path, image, grid, '', alt, over)}<span>${who} reads<br>up to ${most}</span></div>`;
}

function picture(
  path: string,
  image: StripImage,
  { height, width }: StripRecord['grid'],
  dimmed: string,
  alt: string,
  heat: Markup | null = null,
): Markup {
  const coarse = image.width < 100 ? 'pixelated' : 'auto';
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${alt}"><image href="${path}" width="${width}" height="${height}" preserveAspectRatio="none" style="image-rendering:${coarse}${heat !== null && ';filter:grayscale(1)'}"/>${heat}${dimmed !== '' && html`<path class="pruned" d="${dimmed}"/>`}</svg>`;
}
