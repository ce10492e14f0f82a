/** What pruning must leave alone on a PlainMamba, whatever the grid: in both execution forms. */
import type { LoadedModel, Prediction } from '@vssm/backend';
import { alignments, type PruningPlan, signals, uniformNumbers, type Weights } from '@vssm/core';
import {
  densePlan,
  type PlainMambaSpec,
  plainMambaGrid,
  plainMambaSpec,
  pruningPlan,
  randomWeights,
  referenceForward,
} from '@vssm/families';
import { describe, expect, it } from 'vitest';
import { type CpuForm, cpuBackend } from './index.ts';

const forms: readonly (readonly [string, CpuForm])[] = [
  ['segments', { form: 'segments', mode: 'latency' }],
  ['whole', { form: 'whole', scan: 'scan' }],
];

/** Image sides in pixels; with cells of 4 pixels: one row, one column, sides that the cells do not divide. */
const sides: readonly (readonly [number, number])[] = [[4, 29], [23, 3], [16, 16], ...randomSides(4)];

function randomSides(count: number): [number, number][] {
  const next = uniformNumbers(2024);
  const side = () => 5 + Math.floor(next() * 30);
  return Array.from({ length: count }, () => [side(), side()]);
}

function specOf(
  [imageHeight, imageWidth]: readonly [number, number],
  depthwiseLayers: readonly number[] = [1],
): PlainMambaSpec {
  return plainMambaSpec({
    imageHeight,
    imageWidth,
    inChannels: 1,
    patchSize: 4,
    stemWidth: 8,
    stemConvs: 1,
    width: 16,
    depth: 3,
    stateSize: 4,
    positionRows: 4,
    positionColumns: 4,
    depthwiseLayers,
    classes: 5,
  });
}

function pixelsOf({ imageHeight, imageWidth }: PlainMambaSpec, images: number): Float32Array {
  const next = uniformNumbers(imageHeight * 100 + imageWidth);
  return Float32Array.from({ length: images * imageHeight * imageWidth }, () => 4 * next() - 2);
}

const cases = forms.flatMap(([name, form]) =>
  sides.map((size) => [name, size[0], size[1], form, specOf(size)] as const),
);
const ownSignals = signals.filter((signal) => signal !== 'gated-backward' && signal !== 'storm');
const plan = (options: Partial<PruningPlan> & Pick<PruningPlan, 'schedule'>) =>
  pruningPlan(options, 'plainmamba');

describe.each(cases)('%s, %i x %i pixels', (_, height, width, form, spec) => {
  const weights = randomWeights(spec, 3);
  const size = height * width;
  const pixels = pixelsOf(spec, 3);
  const load = (own: PruningPlan, of = weights) =>
    cpuBackend(form).load({ spec, weights: of, plan: own, threads: 1 });
  const predict = (own: PruningPlan) => using(load(own), (model) => model.run({ pixels, size: 3 }));

  it('batch 1 and batch 3 give what the reference gives', async () => {
    const pruned = plan({
      schedule: [
        { after: 1, keep: 0.7 },
        { after: 2, keep: 0.6 },
      ],
    });
    await using(load(pruned), async (model) => {
      const together = await model.run({ pixels, size: 3 });
      for (let item = 0; item < 3; item++) {
        const image = pixels.subarray(item * size, (item + 1) * size);
        const expected = referenceForward(spec, weights, pruned, image, item);
        const alone = await model.run({ pixels: image, size: 1, samples: [item] });
        for (const [after, positions] of expected.kept) {
          const count = positions.length;
          expect(together.kept.get(after)!.slice(item * count, (item + 1) * count)).toEqual(positions);
          expect(alone.kept.get(after)).toEqual(positions);
        }
        for (const [c, logit] of expected.logits.entries()) {
          // float32 through three layers, logits around 1.
          expect(together.logits[item * spec.classes + c]).toBeCloseTo(logit, 5);
          expect(alone.logits[c]).toBeCloseTo(logit, 5);
        }
      }
    });
  });

  it('no step and a step that keeps all are dense, bit for bit', async () => {
    const dense = await predict(densePlan);
    for (const alignment of alignments) {
      expect((await predict(plan({ schedule: [], alignment }))).logits).toEqual(dense.logits);
      for (const signal of ownSignals) {
        const schedule = [{ after: 1, keep: 1 }];
        expect((await predict(plan({ schedule, alignment, signal }))).logits).toEqual(dense.logits);
      }
    }
  });

  it('another order of the images is another order of the answers', async () => {
    const schedule = [{ after: 1, keep: 0.6 }];
    const samples = [4, 9, 2];
    const turned = [2, 0, 1];
    const permuted = new Float32Array(pixels.length);
    for (const [to, from] of turned.entries()) {
      permuted.set(pixels.subarray(from * size, (from + 1) * size), to * size);
    }
    for (const signal of ownSignals) {
      await using(load(plan({ schedule, signal })), async (model) => {
        const before = await model.run({ pixels, size: 3, samples });
        const after = await model.run({
          pixels: permuted,
          size: 3,
          samples: turned.map((from) => samples[from]),
        });
        for (const [to, from] of turned.entries()) expect(row(after, to)).toEqual(row(before, from));
      });
    }
  });
});

describe.each(forms)('%s: a token that is gone', (_, form) => {
  it.each(sides)('is never read again, %i x %i pixels', async (...size) => {
    const spec = specOf(size, [2]);
    const weights = tokensOnTheirOwn(spec);
    const pixels = pixelsOf(spec, 2);
    const all = withoutKept(spec, pixels, { kept: new Map([[1, new Int32Array()]]) });
    await using(cpuBackend(form).load({ spec, weights, plan: densePlan, threads: 1 }), async (model) => {
      const before = await model.run({ pixels, size: 2 });
      expect((await model.run({ pixels: all, size: 2 })).logits).not.toEqual(before.logits);
    });
    for (const alignment of alignments) {
      const pruned = plan({ schedule: [{ after: 1, keep: 0.5 }], signal: 'random', alignment });
      const request = { spec, weights, plan: pruned, threads: 1 };
      await using(cpuBackend(form).load(request), async (model) => {
        const before = await model.run({ pixels, size: 2 });
        const after = await model.run({ pixels: withoutKept(spec, pixels, before), size: 2 });
        expect(after.kept).toEqual(before.kept);
        expect(after.logits).toEqual(before.logits);
      });
    }
  });

  it('leaves nothing behind for the next image', async () => {
    const spec = specOf([17, 26]);
    const request = { spec, weights: randomWeights(spec, 4), threads: 1 };
    const schedule = [
      { after: 1, keep: 0.7 },
      { after: 2, keep: 0.5 },
    ];
    const pixels = pixelsOf(spec, 2);
    for (const alignment of alignments) {
      await using(
        cpuBackend(form).load({ ...request, plan: plan({ schedule, alignment }) }),
        async (model) => {
          const first = await model.run({ pixels, size: 2 });
          await model.run({ pixels: new Float32Array(3 * 17 * 26).fill(Number.NaN), size: 3 });
          expect(await model.run({ pixels, size: 2 })).toEqual(first);
        },
      );
    }
  });
});

/** Weights with which the tokens that enter layer 2 depend on the pixels of their own cells alone. */
function tokensOnTheirOwn(spec: PlainMambaSpec): Weights {
  const centreOnly = /patch_embed\.(stem|convs)\.0\.weight$/;
  return new Map(
    [...randomWeights(spec, 5)].map(([name, tensor]) => {
      if (name === 'backbone.layers.0.mamba.out_proj.weight') {
        return [name, { ...tensor, data: tensor.data.map(() => 0) }];
      }
      if (!centreOnly.test(name)) return [name, tensor];
      const taps = tensor.shape[2] * tensor.shape[3];
      const data = tensor.data.map((value, i) => (i % taps === (taps - 1) / 2 ? value : 0));
      return [name, { ...tensor, data }];
    }),
  );
}

/** The pixels with other values in every cell whose token the only step has dropped. */
function withoutKept(
  spec: PlainMambaSpec,
  pixels: Float32Array,
  { kept }: Pick<Prediction, 'kept'>,
): Float32Array {
  const { imageHeight, imageWidth, patchSize } = spec;
  const grid = plainMambaGrid(spec);
  const size = imageHeight * imageWidth;
  const [positions] = kept.values();
  const perImage = positions.length / (pixels.length / size);
  return pixels.map((value, i) => {
    const image = Math.floor(i / size);
    const row = Math.floor((i % size) / imageWidth / patchSize);
    const cell = row * grid.width + Math.floor((i % imageWidth) / patchSize);
    const stays = positions.subarray(image * perImage, (image + 1) * perImage).includes(cell);
    return stays ? value : 30 * Math.cos(i);
  });
}

async function using<Result>(
  loading: Promise<LoadedModel>,
  use: (model: LoadedModel) => Promise<Result>,
): Promise<Result> {
  const model = await loading;
  try {
    return await use(model);
  } finally {
    await model.dispose();
  }
}

/** One image's logits and kept positions. */
function row({ logits, kept }: Prediction, item: number) {
  const classes = logits.length / 3;
  const own = [...kept].map(([after, positions]) => {
    const count = positions.length / 3;
    return [after, positions.slice(item * count, (item + 1) * count)];
  });
  return { logits: logits.slice(item * classes, (item + 1) * classes), kept: own };
}
