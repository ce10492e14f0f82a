/**
 * Times the kernels of detectors on one thread, at the sizes of a PlainMamba-L1 Mask R-CNN on 800 x 1333 pixels with random
 * numbers, as WebAssembly and, where there is a C compiler, as native code:
 *
 *     pnpm --filter @vssm/kernels bench:vision [rounds]
 *
 * See takeTurns for how times are taken.
 */
import {
  Arena,
  createKernels,
  createMemory,
  type DeformableOptions,
  type Kernels,
  probeNative,
  type RoiAlignOptions,
  type WinogradOptions,
  winogradScratch,
  winogradWeights,
} from '../src/index.ts';
import { randomSource } from '../src/test-support/random-case.ts';
import { summary, takeTurns } from './turns.ts';

const rounds = Number(process.argv[2] ?? 15);
const native = await probeNative();
const implementations = native.available ? (['wasm', 'native'] as const) : (['wasm'] as const);
if (!native.available) console.log(`no native kernels: ${native.reason}`);

const arena = new Arena(createMemory());
const random = randomSource(1);
const filled = (count: number, low: number, high: number) => {
  const region = arena.float32(count);
  const view = region.view();
  for (let i = 0; i < count; i++) view[i] = low + (high - low) * random();
  return region.at;
};
const rows = (count: number, width: number, low = -1, high = 1) => ({
  at: filled(count * width, low, high),
  stride: width,
});
const integers = (values: readonly number[]) => {
  const region = arena.int32(values.length);
  region.view().set(values);
  return region.at;
};

/** Strides 8, 16 and 32, of which an extractor reads the second. */
const pyramid = [100, 168, 50, 84, 25, 42];
const extractor: DeformableOptions = {
  ...{ queries: 22_050, channels: 192, heads: 6, points: 4, levels: 1, grids: integers(pyramid.slice(2, 4)) },
  ...{ references: rows(22_050, 2, 0, 1), offsets: rows(22_050, 48, -2, 2), scores: rows(22_050, 24) },
  ...{ values: rows(4200, 192), to: rows(22_050, 192) },
};
const injector: DeformableOptions = {
  ...extractor,
  ...{ queries: 4200, levels: 3, grids: integers(pyramid) },
  ...{ offsets: rows(4200, 144, -2, 2), scores: rows(4200, 72), values: rows(22_050, 192) },
};
const boxes = Array.from({ length: 128 }, (_, i) => {
  const side = 60 * 2 ** (i % 4) * (1 + random());
  const [left, top] = [1344 * random(), 800 * random()];
  return [left, top, left + side, top + side];
}).flat();
const boxPlace = arena.float32(boxes.length);
boxPlace.view().set(boxes);
const regions: RoiAlignOptions = {
  ...{ regions: 128, channels: 256, side: 7, levels: 4 },
  grids: integers([200, 336, 4, 100, 168, 8, 50, 84, 16, 25, 42, 32]),
  boxes: boxPlace.at,
  boxLevels: integers(Array.from({ length: 128 }, (_, i) => i % 4)),
  ...{ values: rows(89_250, 256), to: rows(128 * 49, 256) },
};
const weights = winogradWeights(
  Float32Array.from({ length: 9 * 256 * 256 }, () => 0.04 * random() - 0.02),
  256,
);
const weightPlace = arena.float32(weights.length);
weightPlace.view().set(weights);
const maps = (count: number, height: number, width: number): WinogradOptions => ({
  ...{ maps: count, rows: height, columns: width, channels: 256, outputs: 256, activation: 'relu' },
  ...{ x: rows(count * height * width, 256), to: rows(count * height * width, 256) },
  ...{ weight: weightPlace.at, bias: filled(256, -1, 1), scratch: filled(winogradScratch(256), 0, 0) },
});
const [level, bins] = [maps(1, 100, 168), maps(128, 7, 7)];

const cases = ({ deformable, roiAlign, winograd }: Kernels): Readonly<Record<string, () => void>> => ({
  'deformable attention of an extractor': () => deformable(extractor),
  'deformable attention of an injector': () => deformable(injector),
  'RoIAlign of 128 regions': () => roiAlign(regions),
  ...(winograd !== undefined && {
    '3x3 convolution of a level, 256 channels': () => winograd(level),
    '3x3 convolution of 128 regions': () => winograd(bins),
  }),
});
const all: Record<string, () => void> = {};
for (const implementation of implementations) {
  const own = cases(await createKernels(arena.memory, { implementation }));
  for (const [label, run] of Object.entries(own)) all[`${implementation}: ${label}`] = run;
}
for (const [label, taken] of Object.entries(takeTurns(all, rounds))) {
  const { median, low, high } = summary(taken);
  const least = Math.min(...taken);
  console.log(
    `${label.padEnd(50)}${median.toFixed(2).padStart(8)} ms  (${low.toFixed(2)} to ${high.toFixed(2)}, least ${least.toFixed(2)})`,
  );
}
