/** The same images beside each other: as they are, and with what the dense and the pruned models answered. */
import { counted } from '@vssm/core';
import { type DrawnImage, decodeRuns, type VisionRecord } from '@vssm/results';
import type { FileSet } from '../../files.ts';
import { listed, points, whole } from '../../format.ts';
import { html, type Markup, slug } from '../../html.ts';
import { encodePng } from '../../png.ts';
import { ClassColours } from './class-colours.ts';
import { isPruned, type VisionGroup, visionPlanName } from './groups.ts';
import {
  boxLayer,
  drawnDetections,
  drawnPicture,
  goneCells,
  goneLayer,
  type Labels,
  labelLayer,
  labelShares,
  maskLayer,
} from './picture.ts';

interface View {
  readonly record: VisionRecord;
  readonly image: DrawnImage;
}

/** Null where no answer was kept for drawing. */
export function drawings({ records }: VisionGroup, files: FileSet): Markup | null {
  const views = records.flatMap((record) => (record.drawn ?? []).map((image) => ({ record, image })));
  if (views.length === 0) return null;
  const byImage = Map.groupBy(views, ({ image }) => JSON.stringify([image.id, image.height, image.width]));
  return html`<div class="drawings">${[...byImage.values()].map((of) => oneImage(of, files))}</div>`;
}

function oneImage(views: readonly View[], files: FileSet): Markup {
  const [{ image, record }] = views;
  const { picture } = image;
  const path = `images/${files.uniqueId(slug(`${record.key}-${image.id}`))}.png`;
  files.add(path, encodePng(Buffer.from(picture.pixels, 'base64'), picture.width, picture.height, 3));
  const colours = new ClassColours(classesOf(views));
  const plain = html`<div class="view">${drawnPicture(image, path, [], `Image ${image.id}`)}<span>image ${image.id}<br>${image.height}x${image.width}</span></div>`;
  return html`<figure>${[plain, ...views.map((view) => answered(view, views, path, colours))]}${legend(views, colours)}</figure>
`;
}

/** Of all views, the most important first: of the surest detections, of the largest areas. */
function classesOf(views: readonly View[]): number[] {
  const weights = new Map<number, number>();
  const add = (index: number, weight: number) => weights.set(index, (weights.get(index) ?? 0) + weight);
  for (const { image } of views) {
    const { prediction } = image;
    if (prediction.kind === 'detections') {
      for (const { class: named, score } of drawnDetections(prediction)) add(named.index, score);
    } else {
      for (const [index, share] of labelShares(image, prediction)) add(index, share);
    }
  }
  return [...weights].sort(([, a], [, b]) => b - a).map(([index]) => index);
}

function answered(
  { record, image }: View,
  views: readonly View[],
  path: string,
  colours: ClassColours,
): Markup {
  const name = isPruned(record) ? `${visionPlanName(record)} ${record.schedule}` : 'dense';
  const { prediction } = image;
  const patches = isPruned(record) ? keptPatches(image) : null;
  const [layers, says, alt] =
    prediction.kind === 'detections'
      ? detectionView(image, prediction, colours)
      : labelView(image, prediction, colours, agreement(record, image, views));
  const told = [says, patches].filter((part) => part !== null);
  return html`<div class="view">${drawnPicture(image, path, layers, `Image ${image.id}, ${name}: ${[alt, patches].filter((part) => part !== null).join('; ')}`)}<span><strong>${name}</strong><br>${told.join('; ')}</span></div>`;
}

type Drawn = readonly [layers: readonly (Markup | null)[], says: string, alt: string];

function detectionView(
  image: DrawnImage,
  prediction: Extract<DrawnImage['prediction'], { kind: 'detections' }>,
  colours: ClassColours,
): Drawn {
  const shown = drawnDetections(prediction);
  const says = `${counted(prediction.found, 'detection')}${shown.length < prediction.found ? `, ${shown.length} drawn` : ''}`;
  const named = shown.map(({ class: { name }, score }) => `${name} ${score.toFixed(2)}`);
  return [
    [maskLayer(image, shown, colours), goneLayer(image), boxLayer(image, shown, colours)],
    says,
    named.length === 0 ? says : `${says}: ${listed(named)}`,
  ];
}

/** Classes that a description names. */
const mostNamed = 5;

function labelView(
  image: DrawnImage,
  prediction: Labels,
  colours: ClassColours,
  agreeing: number | null,
): Drawn {
  const nameOf = new Map(prediction.classes.map(({ index, name }) => [index, name]));
  const largest = [...labelShares(image, prediction)]
    .sort(([, a], [, b]) => b - a)
    .slice(0, mostNamed)
    .map(([index, share]) => `${nameOf.get(index)} ${percent(share)}`);
  const classes = counted(prediction.classes.length, 'class', 'classes');
  const same = agreeing === null ? '' : `, ${percent(agreeing)} of the pixels as dense`;
  return [
    [labelLayer(image, prediction, colours), goneLayer(image)],
    `${classes}${same}`,
    `${classes}${same}; the largest: ${listed(largest)}`,
  ];
}

/** Share of the pixels that have the unpruned model's class; null for that one, and where it was not drawn. */
function agreement(record: VisionRecord, image: DrawnImage, views: readonly View[]): number | null {
  const dense = views.find((view) => !isPruned(view.record));
  if (!isPruned(record) || dense === undefined) return null;
  const [own, other] = [image, dense.image].map(classMap);
  if (own === null || other === null || own.length !== other.length) return null;
  return own.filter((label, pixel) => label === other[pixel]).length / own.length;
}

/** Class index of every pixel of the picture. */
function classMap({ picture, prediction }: DrawnImage): Uint32Array | null {
  if (prediction.kind !== 'labels') return null;
  const places = decodeRuns(prediction.labels, picture.height * picture.width);
  return Uint32Array.from(places, (place) => prediction.classes[place].index);
}

function keptPatches({ windows }: DrawnImage): string {
  const all = windows.reduce((sum, { grid }) => sum + grid.height * grid.width, 0);
  const gone = windows.reduce((sum, window) => sum + goneCells(window).length, 0);
  return `${whole(all - gone)} of ${whole(all)} patches kept${windows.length > 1 ? ` in ${windows.length} windows` : ''}`;
}

/** The classes of label maps with their shares; boxes carry their names themselves. */
function legend(views: readonly View[], colours: ClassColours): Markup | null {
  const maps = views.flatMap(({ record, image }) =>
    image.prediction.kind === 'labels' ? [{ record, image, prediction: image.prediction }] : [],
  );
  if (maps.length === 0) return null;
  const names = new Map(
    maps.flatMap(({ prediction }) => prediction.classes.map(({ index, name }) => [index, name] as const)),
  );
  const shares = maps.map(({ image, prediction }) => labelShares(image, prediction));
  const row = (own: string, name: string, indices: readonly number[]) => {
    const each = shares.map((of) => percent(indices.reduce((sum, index) => sum + (of.get(index) ?? 0), 0)));
    return html`<li><span class="swatch" style="--own:${own}"></span>${name} <small>${each.join(' → ')}</small></li>`;
  };
  const rest = [...names.keys()].filter((index) => !colours.own.includes(index));
  const models = maps.map(({ record }) => (isPruned(record) ? 'pruned' : 'dense')).join(' → ');
  return html`<ul class="classes" aria-label="Classes"><li><small>share of the picture, ${models}:</small></li>
${colours.own.map((index) => row(colours.of(index), names.get(index) ?? '', [index]))}${
  rest.length > 0 && row(colours.shared, counted(rest.length, 'other class', 'other classes'), rest)
}</ul>`;
}

function percent(share: number): string {
  if (share > 0 && share < 0.005) return '<1 %';
  return `${points(100 * share, 0)} %`;
}
