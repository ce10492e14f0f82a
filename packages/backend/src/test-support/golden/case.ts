/** What a golden case is, and how one is read from the files of testdata (see its NOTE.md). */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readCheckpoint, readSafetensors } from '@vssm/checkpoints';
import type { NamedTensors, PruningPlan, Weights } from '@vssm/core';
import { type ModelFamily, type ModelSpec, pruningPlan } from '@vssm/families';
import { loadModel } from '@vssm/families/checkpoint';

export interface GoldenCase {
  readonly name: string;
  readonly spec: ModelSpec;
  readonly weights: Weights;
  readonly plan: PruningPlan;
  /** [2, C, H, W] */
  readonly pixels: Float32Array;
  /** [2, classes], unrounded float64 */
  readonly logits: Float64Array;
  /** Positions of the kept tokens in sequence order, [2, K], by the 1-based block of the step. */
  readonly kept: ReadonlyMap<number, Int32Array>;
}

export const goldenBatch = 2;

/** A dense case with every tensor of its file, for tests of intermediate values. */
export interface GoldenDense extends GoldenCase {
  readonly tensors: NamedTensors;
}

/** What a case's files are, where one does not say everything. */
export interface CaseFiles {
  /** Where the weights lie apart from input and logits. */
  readonly weights?: string;
  /** Where the tensors do not tell. */
  readonly family?: ModelFamily;
}

export async function denseCase(
  name: string,
  file: string,
  { weights = file, family }: CaseFiles = {},
): Promise<GoldenDense> {
  const tensors = await tensorsOf(file);
  const pixels = tensors.get('input')!;
  const [, , height, width] = pixels.shape;
  return {
    name,
    ...(await modelOf(weights, { height, width }, family)),
    plan: pruningPlan({ schedule: [] }),
    pixels: firstImages(pixels.data as Float32Array, pixels.shape[0]),
    logits: firstImages(tensors.get('logits_f64')!.data as Float64Array, pixels.shape[0]),
    kept: new Map(),
    tensors,
  };
}

/** Of the images of a file, as many as a batch has. */
function firstImages<Data extends Float32Array | Float64Array>(data: Data, images: number): Data {
  return data.subarray(0, (data.length / images) * goldenBatch) as Data;
}

interface Variants {
  readonly schedule: PruningPlan['schedule'];
  readonly cases: (Pick<PruningPlan, 'alignment' | 'signal' | 'reduce' | 'order' | 'tokenOrder'> & {
    /** null where the alignment leaves no choice. */
    readonly conv: PruningPlan['conv'] | null;
    /** Of each image of the dense case's file, [classes] */
    readonly logits: number[][];
    /** The same, [steps][K] */
    readonly kept: number[][][];
  })[];
}

/** Combinations of options on one model: the cases of a file of variants. */
export async function variantCases(file: string, dense: GoldenCase): Promise<GoldenCase[]> {
  const { schedule, cases } = JSON.parse(await readFile(pathOf(file), 'utf8')) as Variants;
  const { name, spec, weights, pixels } = dense;
  return cases.map(({ logits, kept, conv, ...options }) => ({
    name: `${name}: ${options.signal} ${options.reduce} ${options.alignment} ${conv ?? ''}`.trimEnd(),
    spec,
    weights,
    pixels,
    plan: pruningPlan(
      {
        schedule,
        alignment: options.alignment,
        signal: options.signal,
        reduce: options.reduce,
        order: options.order,
        tokenOrder: options.tokenOrder,
        ...(conv !== null && { conv }),
      },
      spec.family,
    ),
    logits: Float64Array.from(logits.slice(0, goldenBatch).flat()),
    kept: new Map(
      schedule.map(({ after }, step) => [
        after,
        Int32Array.from(kept.slice(0, goldenBatch).flatMap((item) => item[step])),
      ]),
    ),
  }));
}

/** The model of a file. */
export async function modelOf(
  file: string,
  imageSize: { readonly height: number; readonly width: number },
  family?: ModelFamily,
): Promise<{ spec: ModelSpec; weights: Weights }> {
  const options = { imageSize, ...(family !== undefined && { family }) };
  const { spec, weights } = loadModel(await readCheckpoint(pathOf(file)), options);
  return { spec, weights };
}

export async function tensorsOf(file: string): Promise<NamedTensors> {
  return (await readSafetensors(pathOf(file))).tensors;
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../../../testdata/${file}`, import.meta.url));
}
