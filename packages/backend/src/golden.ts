/**
 * The golden cases of the Vim family as model requests with their expected answers: what every backend must
 * reproduce. See testdata/NOTE.md for how they were made.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loadVim, readCheckpoint, readSafetensors } from '@vssm/checkpoints';
import { type NamedTensors, type PruningPlan, pruningPlan, type VimSpec, type Weights } from '@vssm/core';

export interface GoldenCase {
  readonly name: string;
  readonly spec: VimSpec;
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

const schedule = [
  { after: 1, keep: 0.7 },
  { after: 3, keep: 0.7 },
];

/** What the released code names its scores by. */
const scores = {
  raw_scanorder: { reduce: 'sum', order: 'mirrored' },
  clamp_scanorder: { reduce: 'clip', order: 'mirrored' },
  raw_aligned: { reduce: 'sum', order: 'aligned' },
  clamp_aligned: { reduce: 'clip', order: 'aligned' },
} as const;

export async function goldenCases(): Promise<readonly GoldenCase[]> {
  return [await dense(), ...(await gathered()), ...(await masked()), ...(await variants())];
}

/** Golden A with every tensor of its file, for tests of intermediate values. */
export async function goldenDense(): Promise<GoldenCase & { readonly tensors: NamedTensors }> {
  return { ...(await dense()), tensors: await tensorsOf('a_vim_micro.safetensors') };
}

async function dense(): Promise<GoldenCase> {
  const tensors = await tensorsOf('a_vim_micro.safetensors');
  return {
    name: 'A dense',
    ...(await model('a_vim_micro.safetensors')),
    plan: pruningPlan({ schedule: [] }),
    pixels: tensors.get('input')!.data as Float32Array,
    logits: tensors.get('logits_f64')!.data as Float64Array,
    kept: new Map(),
  };
}

async function gathered(): Promise<GoldenCase[]> {
  const file = 'b_vim_micro_prune.safetensors';
  const tensors = await tensorsOf(file);
  const base = await model(file);
  return Object.entries(scores).map(([variant, score]) => ({
    name: `B ${variant}`,
    ...base,
    plan: pruningPlan({
      schedule,
      signal: 'gated-backward',
      ...score,
      alignment: 'none',
      conv: 'compact',
      tokenOrder: 'recentred',
    }),
    pixels: tensors.get('input')!.data as Float32Array,
    logits: tensors.get(`${variant}.logits_f64`)!.data as Float64Array,
    kept: new Map(
      schedule.map(({ after }) => [
        after,
        Int32Array.from(tensors.get(`${variant}.step${after}.keep_orig`)!.data as BigInt64Array, Number),
      ]),
    ),
  }));
}

async function masked(): Promise<GoldenCase[]> {
  const file = 'c_vim_micro_mask.safetensors';
  const tensors = await tensorsOf(file);
  const base = await model(file);
  return (['raw_scanorder', 'clamp_scanorder', 'clamp_aligned'] as const).map((variant) => ({
    name: `C ${variant}`,
    ...base,
    plan: pruningPlan({
      schedule,
      signal: 'gated-backward',
      ...scores[variant],
      alignment: 'mask',
      countClassToken: true,
    }),
    pixels: tensors.get('input')!.data as Float32Array,
    logits: tensors.get(`${variant}.logits_f64`)!.data as Float64Array,
    kept: new Map(
      schedule.map(({ after }) => [
        after,
        positionsOfMask(tensors.get(`${variant}.step${after}.mask`)!.data as BigInt64Array),
      ]),
    ),
  }));
}

/** mask [2, L] of zeros and ones → positions [2, K] */
function positionsOfMask(mask: BigInt64Array): Int32Array {
  const length = mask.length / goldenBatch;
  return Int32Array.from(
    [...mask.keys()].filter((i) => mask[i] === 1n),
    (i) => i % length,
  );
}

interface Variants {
  readonly cases: (Pick<PruningPlan, 'alignment' | 'conv' | 'signal' | 'reduce' | 'order' | 'tokenOrder'> & {
    readonly logits: number[][];
    readonly kept: number[][][];
  })[];
}

async function variants(): Promise<GoldenCase[]> {
  const { cases } = JSON.parse(await readFile(pathOf('variants.json'), 'utf8')) as Variants;
  const { spec, weights, pixels } = await dense();
  return cases.map(({ logits, kept, alignment, conv, signal, reduce, order, tokenOrder }) => ({
    name: `variant ${signal} ${reduce} ${alignment} ${conv}`,
    spec,
    weights,
    pixels,
    plan: pruningPlan({ schedule, alignment, conv, signal, reduce, order, tokenOrder }),
    logits: Float64Array.from(logits.flat()),
    kept: new Map(
      schedule.map(({ after }, step) => [after, Int32Array.from(kept.flatMap((item) => item[step]))]),
    ),
  }));
}

async function model(file: string): Promise<{ spec: VimSpec; weights: Weights }> {
  return loadVim(await readCheckpoint(pathOf(file)));
}

async function tensorsOf(file: string): Promise<NamedTensors> {
  return (await readSafetensors(pathOf(file))).tensors;
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(`../testdata/${file}`, import.meta.url));
}
