/** What `vssm predict` runs on: a tensor somebody made, or a folder of images. */
import { readSafetensors } from '@vssm/checkpoints';
import { counted, type Tensor, UserError } from '@vssm/core';
import { type ImageDataset, openImageFolder, type RecipeName } from '@vssm/datasets';
import type { ModelSpec } from '@vssm/families';

export interface PredictInput {
  readonly count: number;
  /** Names of the samples, where they have any. */
  readonly ids: readonly string[] | undefined;
  /**
   * Normalised pixels of one sample, [C, H, W].
   *
   * @throws UserError for an image that cannot be read
   */
  load(index: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** The tensor `input` of a safetensors file, and where it came from. */
export interface InputTensor {
  readonly path: string;
  readonly tensor: Tensor;
}

/** Other tensors in the file are ignored. */
export async function readInputTensor(path: string): Promise<InputTensor> {
  const { tensors } = await readSafetensors(path, { only: ['input'] });
  return { path, tensor: tensors.get('input')! };
}

/** Height and width of [B, C, H, W]; undefined for other shapes. */
export function pixelsOf({ shape }: Tensor): { readonly height: number; readonly width: number } | undefined {
  return shape.length === 4 ? { height: shape[2], width: shape[3] } : undefined;
}

/** @throws UserError where the tensor is not [B, C, H, W] as the model takes it, or not of finite numbers */
export function tensorInput({ path, tensor }: InputTensor, spec: ModelSpec): PredictInput {
  const expected = [spec.inChannels, spec.imageHeight, spec.imageWidth];
  const { shape, data } = tensor;
  if (shape.length !== 4 || expected.some((axis, i) => axis !== shape[i + 1])) {
    throw new UserError(
      `${path}: "input" is [${shape.join(', ')}], the model takes [B, ${expected.join(', ')}]; --image-size changes the model's side`,
    );
  }
  if (shape[0] < 1) throw new UserError(`${path}: "input" holds no sample`);
  if (!(data instanceof Float32Array || data instanceof Float64Array)) {
    throw new UserError(
      `${path}: "input" is ${tensor.dtype}, expected normalised pixels as F32 (or F64, F16, BF16)`,
    );
  }
  const pixels = data instanceof Float32Array ? data : Float32Array.from(data);
  const bad = pixels.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new UserError(
      `${path}: "input" holds ${pixels[bad]} at element ${bad}; every pixel must be finite`,
    );
  const size = expected.reduce((product, axis) => product * axis, 1);
  return {
    count: shape[0],
    ids: undefined,
    load: async (index) => pixels.subarray(index * size, (index + 1) * size),
    close: async () => {},
  };
}

/** The images of a folder, through the recipe that fits the model. */
export async function openImages(dir: string, spec: ModelSpec, recipe: RecipeName): Promise<ImageDataset> {
  if (spec.imageHeight !== spec.imageWidth) {
    throw new UserError(
      `--images: the model takes ${spec.imageHeight}x${spec.imageWidth}, recipes give squares; use --tensor`,
    );
  }
  const dataset = await openImageFolder(dir, { recipe, imageSize: spec.imageWidth });
  checkInput(dataset, spec);
  return dataset;
}

/** @param count only the first so many of its images */
export function datasetInput(dataset: ImageDataset, count = dataset.samples.length): PredictInput {
  const samples = dataset.samples.slice(0, count);
  return {
    count: samples.length,
    ids: samples.map(({ id }) => id),
    load: (index) => dataset.load(index),
    close: () => dataset.close(),
  };
}

/** A data set fits a model when its pictures and its classes do. */
export function checkDataset(dataset: ImageDataset, spec: ModelSpec): void {
  checkInput(dataset, spec);
  if (dataset.classes.length !== spec.classes) {
    throw new UserError(
      `data set ${dataset.name} has ${counted(dataset.classes.length, 'class', 'classes')}, the model ${spec.classes}; is this another data set's model?`,
    );
  }
}

/** A data set fits a model when its pictures do. */
export function checkInput(dataset: ImageDataset, spec: ModelSpec): void {
  const { channels, height, width, name } = dataset;
  if (channels !== spec.inChannels || height !== spec.imageHeight || width !== spec.imageWidth) {
    throw new UserError(
      `data set ${name} gives ${channels}x${height}x${width}, the model takes ${spec.inChannels}x${spec.imageHeight}x${spec.imageWidth}; is this another data set's model?`,
    );
  }
}
