/** The golden cases of the Vim family. */
import { pruningPlan, vimSpec } from '@vssm/families';
import { denseCase, type GoldenCase, goldenBatch, modelOf, tensorsOf, variantCases } from './case.ts';

export const vimOddShape = vimSpec({
  width: 24,
  depth: 3,
  imageHeight: 12,
  imageWidth: 20,
  inChannels: 1,
  patchSize: 4,
  stride: 4,
  stateSize: 8,
  classes: 5,
});

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

export async function vimGoldenCases(): Promise<readonly GoldenCase[]> {
  const dense = await goldenA();
  return [
    dense,
    ...(await gathered()),
    ...(await masked()),
    ...(await variantCases('variants_a.json', dense)),
  ];
}

/** A: dense. */
export function goldenA() {
  return denseCase('A', 'a_vim_micro.safetensors');
}

async function gathered(): Promise<GoldenCase[]> {
  const file = 'b_vim_micro_prune.safetensors';
  const tensors = await tensorsOf(file);
  const base = await modelOf(file, { height: 32, width: 32 });
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
  const base = await modelOf(file, { height: 32, width: 32 });
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
