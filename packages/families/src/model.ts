/** What everybody asks of a model, whatever its family: published sizes, tokens, parameters, limits. */
import { sizeOf, UserError } from '@vssm/core';
import type { FamilyEvidence, ImageRecipe, SegmentationRecipe, Shapes, Size, TokenLayout } from './family.ts';
import {
  families,
  familyOf,
  type ModelFamily,
  type ModelName,
  type ModelSpec,
  modelFamilies,
  type TrainableSpec,
} from './table.ts';

/** The published models, by the command line's names. */
export const models = Object.assign(
  {},
  ...modelFamilies.map((family) => families[family].models),
) as Readonly<Record<ModelName, ModelSpec>>;

/** By model: what it is called in print, and where its weights are to be had. */
export const publishedModels = Object.assign(
  {},
  ...modelFamilies.map((family) => families[family].published),
) as Readonly<Record<ModelName, { readonly title: string; readonly weights: string }>>;

/** Whether it is a published model's, `vim-small`. */
export function isModelName(name: string): name is ModelName {
  return Object.hasOwn(models, name);
}

/** The spec of a published model. @throws UserError that lists the names */
export function namedModel(name: string): ModelSpec {
  if (!isModelName(name)) {
    throw new UserError(`model "${name}" is not known; choose one of ${Object.keys(models).join(', ')}`);
  }
  return models[name];
}

/** How messages, reports and the page call a family. */
export function familyTitle(family: ModelFamily): string {
  return families[family].title;
}

const evidenceWords: Readonly<Record<FamilyEvidence, string>> = {
  asked: 'as asked',
  tensors: 'by its tensors',
  metadata: 'as the file notes',
  'file name': "by the file's name",
  default: 'by default',
};

/** What people read about a file's family: `VideoMamba, by the file's name`. */
export function familyNote(family: ModelFamily, familyFrom: FamilyEvidence): string {
  return `${familyTitle(family)}, ${evidenceWords[familyFrom]}`;
}

/** The grid of cells, and where tokens that never leave stand among theirs. */
export function tokenLayout(spec: ModelSpec): TokenLayout {
  return familyOf(spec).layout(spec);
}

/** Cells per column and per row of the grid that an image is cut into. */
export function tokenGrid(spec: ModelSpec): Size {
  return tokenLayout(spec).grid;
}

/** L0: length of the unpruned sequence, protected tokens included. */
export function sequenceLength(spec: ModelSpec): number {
  return layoutLength(tokenLayout(spec));
}

function layoutLength({ grid: { height, width }, protectedTokens }: TokenLayout): number {
  return height * width + protectedTokens.length;
}

/** Position of the class token in the unpruned sequence; null for a family without one, or with several registers. */
export function classTokenOf(spec: ModelSpec): number | null {
  const { protectedTokens } = tokenLayout(spec);
  return protectedTokens.length === 1 ? protectedTokens[0] : null;
}

/** Grid cell of a position in the unpruned sequence, in raster order; null for a token that stands for none. */
export function cellOf(spec: ModelSpec, position: number): number | null {
  const { protectedTokens } = tokenLayout(spec);
  if (protectedTokens.includes(position)) return null;
  return position - protectedTokens.filter((other) => other < position).length;
}

/** Cells of the grid, in raster order, that kept positions stand for; tokens that stand for none are left out. */
export function keptCells(spec: ModelSpec, positions: Iterable<number>): Set<number> {
  const cells = new Set<number>();
  for (const position of positions) {
    const cell = cellOf(spec, position);
    if (cell !== null) cells.add(cell);
  }
  return cells;
}

/** Every trainable parameter with its shape, in upstream's names. */
export function modelParameters(spec: ModelSpec): Shapes {
  return familyOf(spec).parameters(spec);
}

/** Everything a checkpoint must hold: the parameters, and the buffers that a forward pass reads. */
export function modelTensors(spec: ModelSpec): Shapes {
  const family = familyOf(spec);
  return new Map([...family.parameters(spec), ...family.buffers(spec)]);
}

/** Trainable parameters in all. */
export function parameterCount(spec: ModelSpec): number {
  let total = 0;
  for (const shape of modelParameters(spec).values()) total += sizeOf(shape);
  return total;
}

/** The model for images of another size, and at another step between patches. */
export function resizedModel(spec: ModelSpec, image: Size, stride?: number): ModelSpec {
  return checkSpec(familyOf(spec).resized(spec, image, stride));
}

/** How a picture becomes the model's input, as far as family and shape tell. */
export function imageRecipeOf({
  family,
  inChannels,
}: Pick<ModelSpec, 'family' | 'inChannels'>): ImageRecipe | 'fashion-mnist' {
  return inChannels === 1 ? 'fashion-mnist' : families[family].imageRecipe;
}

/** How a picture becomes the input of a segmenter around the family's backbone. */
export function segmentationRecipeOf(family: ModelFamily): SegmentationRecipe {
  const { segmentationRecipe, title } = families[family];
  if (segmentationRecipe === null) throw new UserError(`no segmenter around a ${title} is known`);
  return segmentationRecipe;
}

/** Every shape below is refused beyond this, so that a hostile file cannot ask for absurd work. */
const largest = { width: 8192, depth: 512, stateSize: 1024, sequence: 1 << 20, classes: 1 << 20 };

/** Throws a UserError that names the first field that makes no sense. */
export function checkSpec<Spec extends ModelSpec>(spec: Spec): Spec {
  const family = familyOf(spec);
  const whole: readonly (readonly [string, number, number])[] = [
    ['image height', spec.imageHeight, 1 << 16],
    ['image width', spec.imageWidth, 1 << 16],
    ['input channels', spec.inChannels, 1024],
    ['patch size', spec.patchSize, 1 << 12],
    ['width', spec.width, largest.width],
    ['inner width', spec.innerWidth, 4 * largest.width],
    ['dt rank', spec.dtRank, largest.width],
    ['state size', spec.stateSize, largest.stateSize],
    ['convolution taps', spec.convKernel, 63],
    ['depth', spec.depth, largest.depth],
    ['classes', spec.classes, largest.classes],
    ...family.limits(spec),
  ];
  for (const [what, value, limit] of whole) {
    if (!Number.isInteger(value) || value < 1 || value > limit) {
      throw new UserError(`${what} ${value}: must be a whole number from 1 to ${limit}`);
    }
  }
  family.check(spec);
  if (sequenceLength(spec) > largest.sequence) {
    throw new UserError(`${sequenceLength(spec)} tokens are more than the ${largest.sequence} supported`);
  }
  return spec;
}

/** @throws UserError for a family without gradients */
export function trainableSpec(spec: ModelSpec): TrainableSpec {
  if (families[spec.family].trainable) return spec as TrainableSpec;
  const having = modelFamilies.filter((family) => families[family].trainable).map(familyTitle);
  throw new UserError(
    `a ${familyTitle(spec.family)} cannot be trained here: gradients exist for ${having.join(', ')} only`,
  );
}
