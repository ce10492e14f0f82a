/**
 * Times one layer and one direction of each kernel on one thread, at the models' real sizes with random numbers:
 *
 *     pnpm --filter @vssm/kernels bench [rounds]
 *
 * All cases of a size take turns in every round, each round beginning with another one, so that whatever else the
 * machine does falls on all alike; the first third of the rounds is warm-up. Reported: median, the middle half, and what the ratio of two cases was
 * within the same round.
 */
import { Arena, type ConvOptions, createKernels, createMemory, type ScanOptions } from '../src/index.ts';
import { randomSource } from '../src/random-case.ts';

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

interface Summary {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

function summary(times: readonly number[]): Summary {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))];
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}

async function benchmark(size: Size): Promise<void> {
  const { length, channels } = size;
  const arena = new Arena(createMemory());
  const kernels = await createKernels(arena.memory);
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
  const score = { signal: 'gated', reduce: 'clip', at: filled(length, 0, 0) } as const;
  const conv: ConvOptions = {
    ...{ batch: 1, length, channels, taps: 4, direction: 'forward', x },
    weight: filled(channels * 4, -1, 1),
    bias: filled(channels, -1, 1),
    u: adjacent(filled(length * channels, 0, 0)),
  };
  const positions = kept.at;
  const cases: Readonly<Record<string, () => void>> = {
    'scan, first direction, none': () => kernels.selectiveScan(first),
    'scan, first direction, decay': () => kernels.selectiveScan({ ...first, positions }),
    'scan, last direction, none': () => kernels.selectiveScan(last),
    'scan, last direction, decay': () => kernels.selectiveScan({ ...last, positions }),
    'scan, last direction, decay, score': () => kernels.selectiveScan({ ...last, positions, score }),
    'scan, |ΔA| beyond 125': () => kernels.selectiveScan({ ...first, deltaBias: large }),
    'scan, states fading to nothing': () => kernels.selectiveScan({ ...first, u: adjacent(pulse) }),
    'scan, denormal input': () => kernels.selectiveScan({ ...first, u: adjacent(tiny) }),
    'convolution, compact': () => kernels.convSilu(conv),
    'convolution, positional': () => kernels.convSilu({ ...conv, positions }),
  };
  const large = filled(channels, 20, 30);
  const pulse = filled(length * channels, 0, 0);
  new Float32Array(arena.memory.buffer, pulse, channels).fill(1);
  const tiny = filled(length * channels, 1e-39, 2e-39);

  const times = Object.fromEntries(Object.keys(cases).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    const order = Object.entries(cases);
    for (const [name, run] of [
      ...order.slice(round % order.length),
      ...order.slice(0, round % order.length),
    ]) {
      const start = performance.now();
      run();
      const took = performance.now() - start;
      if (round >= rounds / 3) times[name].push(took);
    }
  }
  console.log(`\n${size.name}: L ${length}, E ${channels}, N ${states}, one image`);
  for (const [name, taken] of Object.entries(times)) {
    const { median, low, high } = summary(taken);
    const perToken = (1000 * median) / length;
    console.log(
      `  ${name.padEnd(36)}${median.toFixed(3).padStart(8)} ms  (${low.toFixed(3)} to ${high.toFixed(3)})` +
        `${perToken.toFixed(2).padStart(8)} µs a token`,
    );
  }
  const ratio = (over: string, under: string) => {
    const { median, low, high } = summary(times[over].map((time, round) => time / times[under][round]));
    console.log(`  ${over} / ${under}: ${median.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`);
  };
  ratio('scan, first direction, decay', 'scan, first direction, none');
  ratio('scan, last direction, decay', 'scan, last direction, none');
  ratio('scan, last direction, decay, score', 'scan, last direction, decay');
}

for (const size of sizes) await benchmark(size);
