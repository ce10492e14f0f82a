/**
 * Times one layer and one direction of each kernel on one thread, at the models' real sizes with random numbers, as
 * WebAssembly and, where there is a C compiler, as native code:
 *
 *     pnpm --filter @vssm/kernels bench [rounds]
 *
 * Reported: median, the middle half, and what the ratio of two cases was within the same round; see takeTurns for how
 * times are taken.
 */
import {
  Arena,
  type ConvOptions,
  createKernels,
  createMemory,
  type Kernels,
  probeNative,
  type ScanOptions,
} from '../src/index.ts';
import { randomSource } from '../src/test-support/random-case.ts';
import { summary, takeTurns } from './turns.ts';

const rounds = Number(process.argv[2] ?? 45);
const states = 16;
const dtRank = 24;

interface Size {
  readonly name: string;
  readonly length: number;
  readonly channels: number;
}

const sizes: readonly Size[] = [
  { name: 'Vim-T at 224', length: 197, channels: 384 },
  { name: 'Vim-S at 224', length: 197, channels: 768 },
  { name: 'Vim-S at 224, pruned three times at .8', length: 101, channels: 768 },
  { name: 'Vim-S at 1024', length: 4097, channels: 768 },
];

const native = await probeNative();
const implementations = native.available ? (['wasm', 'native'] as const) : (['wasm'] as const);
if (!native.available) console.log(`no native kernels: ${native.reason}`);

async function benchmark(size: Size): Promise<void> {
  const { length, channels } = size;
  const arena = new Arena(createMemory());
  const random = randomSource(1);
  const filled = (count: number, low: number, high: number) => {
    const region = arena.float32(count);
    region.view().set(Float32Array.from({ length: count }, () => low + (high - low) * random()));
    return region.at;
  };
  const kept = arena.int32(length);
  for (let token = 0, position = 0; token < length; token++, position += random() < 0.3 ? 2 : 1) {
    kept.view()[token] = position;
  }
  const xz = filled(length * 2 * channels, -1, 1);
  const projected = filled(length * (dtRank + 2 * states), -1, 1);
  const columnsFrom = (column: number) => ({ at: projected + 4 * column, stride: dtRank + 2 * states });
  const x = { at: xz, stride: 2 * channels };
  const z = { at: xz + 4 * channels, stride: 2 * channels };
  const adjacent = (at: number) => ({ at, stride: channels });
  const first: ScanOptions = {
    ...{ batch: 1, length, channels, states, direction: 'forward' },
    delta: adjacent(filled(length * channels, -1, 1)),
    deltaBias: filled(channels, -4, -2),
    a: filled(channels * states, -16, -1),
    d: filled(channels, 0, 1),
    b: columnsFrom(dtRank),
    c: columnsFrom(dtRank + states),
    u: adjacent(filled(length * channels, -1, 1)),
    y: adjacent(filled(length * channels, 0, 0)),
  };
  const last: ScanOptions = { ...first, direction: 'backward', accumulate: true, gate: { z, scale: 0.5 } };
  const own = adjacent(filled(length * channels, 0, 0));
  const conv: ConvOptions = {
    ...{ batch: 1, length, channels, taps: 4, direction: 'forward', x },
    weight: filled(channels * 4, -1, 1),
    bias: filled(channels, -1, 1),
    u: adjacent(filled(length * channels, 0, 0)),
  };
  const positions = kept.at;
  const large = filled(channels, 20, 30);
  const pulse = filled(length * channels, 0, 0);
  new Float32Array(arena.memory.buffer, pulse, channels).fill(1);
  const tiny = filled(length * channels, 1e-39, 2e-39);
  const cases = (kernels: Kernels): Readonly<Record<string, () => void>> => ({
    'scan, first direction, none': () => kernels.selectiveScan(first),
    'scan, first direction, decay': () => kernels.selectiveScan({ ...first, positions }),
    'scan, last direction, none': () => kernels.selectiveScan(last),
    'scan, last direction, decay': () => kernels.selectiveScan({ ...last, positions }),
    'scan, last direction, decay, own too': () => kernels.selectiveScan({ ...last, positions, own }),
    'scan, |ΔA| beyond 125': () => kernels.selectiveScan({ ...first, deltaBias: large }),
    'scan, states fading to nothing': () => kernels.selectiveScan({ ...first, u: adjacent(pulse) }),
    'scan, denormal input': () => kernels.selectiveScan({ ...first, u: adjacent(tiny) }),
    'convolution, compact': () => kernels.convSilu(conv),
    'convolution, positional': () => kernels.convSilu({ ...conv, positions }),
  });
  const all: Record<string, () => void> = {};
  for (const implementation of implementations) {
    const own = cases(await createKernels(arena.memory, { implementation }));
    for (const [name, run] of Object.entries(own)) all[`${implementation}: ${name}`] = run;
  }

  const times = takeTurns(all, rounds);
  console.log(`\n${size.name}: L ${length}, E ${channels}, N ${states}, one image`);
  for (const [name, taken] of Object.entries(times)) {
    const { median, low, high } = summary(taken);
    const perToken = (1000 * median) / length;
    console.log(
      `  ${name.padEnd(44)}${median.toFixed(3).padStart(8)} ms  (${low.toFixed(3)} to ${high.toFixed(3)})` +
        `${perToken.toFixed(2).padStart(8)} µs a token`,
    );
  }
  const ratio = (over: string, under: string) => {
    const { median, low, high } = summary(times[over].map((time, round) => time / times[under][round]));
    console.log(`  ${over} / ${under}: ${median.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`);
  };
  for (const implementation of implementations) {
    const own = (name: string) => `${implementation}: ${name}`;
    ratio(own('scan, first direction, decay'), own('scan, first direction, none'));
    ratio(own('scan, last direction, decay'), own('scan, last direction, none'));
    ratio(own('scan, last direction, decay, own too'), own('scan, last direction, decay'));
  }
  if (!native.available) return;
  for (const name of ['scan, first direction, none', 'scan, last direction, none', 'convolution, compact']) {
    ratio(`wasm: ${name}`, `native: ${name}`);
  }
}

for (const size of sizes) await benchmark(size);
