/** The model families as one type: what code that serves both asks of a model. */
import { sizeOf, UserError } from '@vssm/core';
import {
  checkPlainMambaShape,
  type PlainMambaModelName,
  type PlainMambaSpec,
  plainMambaBuffers,
  plainMambaGrid,
  plainMambaModels,
  plainMambaParameters,
} from './plainmamba/spec.ts';
import {
  checkVimShape,
  classTokenPosition,
  patchGrid,
  type VimModelName,
  type VimSpec,
  vimModels,
  vimParameters,
} from './vim/spec.ts';

export type ModelSpec = VimSpec | PlainMambaSpec;
export type ModelFamily = ModelSpec['family'];
export type ModelName = VimModelName | PlainMambaModelName;

/** The published models, by the command line's names. */
export const models: Readonly<Record<ModelName, ModelSpec>> = { ...vimModels, ...plainMambaModels };

export function isModelName(name: string): name is ModelName {
  return Object.hasOwn(models, name);
}

export function namedModel(name: string): ModelSpec {
  if (!isModelName(name)) {
    throw new UserError(`model "${name}" is not known; choose one of ${Object.keys(models).join(', ')}`);
  }
  return models[name];
}

/** Cells per column and per row of the grid that an image is cut into: Vim's patches, PlainMamba's cells. */
export function tokenGrid(spec: ModelSpec): { readonly height: number; readonly width: number } {
  return spec.family === 'vim' ? patchGrid(spec) : plainMambaGrid(spec);
}

/** L0: length of the unpruned sequence, Vim's class token included. */
export function sequenceLength(spec: ModelSpec): number {
  const { height, width } = tokenGrid(spec);
  return height * width + (spec.family === 'vim' ? 1 : 0);
}

/** Position of the class token in the unpruned sequence; null for a family without one. */
export function classTokenOf(spec: ModelSpec): number | null {
  return spec.family === 'vim' ? classTokenPosition(spec) : null;
}

/** Grid cell of a position in the unpruned sequence, in raster order; null for the class token. */
export function cellOf(spec: ModelSpec, position: number): number | null {
  const classToken = classTokenOf(spec);
  if (classToken === null || position < classToken) return position;
  return position === classToken ? null : position - 1;
}

/** Every trainable parameter with its shape, in upstream's names. */
export function modelParameters(spec: ModelSpec): ReadonlyMap<string, readonly number[]> {
  return spec.family === 'vim' ? vimParameters(spec) : plainMambaParameters(spec);
}

/** Everything a checkpoint must hold: the parameters, and the running statistics of BatchNorms. */
export function modelTensors(spec: ModelSpec): ReadonlyMap<string, readonly number[]> {
  if (spec.family === 'vim') return vimParameters(spec);
  return new Map([...plainMambaParameters(spec), ...plainMambaBuffers(spec)]);
}

/** Trainable parameters in all. */
export function parameterCount(spec: ModelSpec): number {
  let total = 0;
  for (const shape of modelParameters(spec).values()) total += sizeOf(shape);
  return total;
}

/** Every shape below is refused beyond this, so that a hostile file cannot ask for absurd work. */
const largest = { width: 8192, depth: 512, stateSize: 1024, sequence: 1 << 20, classes: 1 << 20 };

/** Throws a UserError that names the first field that makes no sense. */
export function checkSpec<Spec extends ModelSpec>(spec: Spec): Spec {
  const whole: [string, number, number][] = [
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
    ...(spec.family === 'vim'
      ? ([['stride', spec.stride, 1 << 12]] as [string, number, number][])
      : ([
          ['stem width', spec.stemWidth, largest.width],
          ['position rows', spec.positionRows, 1 << 12],
          ['position columns', spec.positionColumns, 1 << 12],
        ] as [string, number, number][])),
  ];
  for (const [what, value, limit] of whole) {
    if (!Number.isInteger(value) || value < 1 || value > limit) {
      throw new UserError(`${what} ${value}: must be a whole number from 1 to ${limit}`);
    }
  }
  if (spec.family === 'vim') checkVimShape(spec);
  else checkPlainMambaShape(spec);
  if (sequenceLength(spec) > largest.sequence) {
    throw new UserError(`${sequenceLength(spec)} tokens are more than the ${largest.sequence} supported`);
  }
  return spec;
}
