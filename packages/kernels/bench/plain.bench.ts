/**
 * Times one layer of PlainMamba's kernels on one thread, at the models' real sizes with random numbers, as WebAssembly
 * and, where there is a C compiler, as native code:
 *
 *     pnpm --filter @vssm/kernels bench:plain [rounds]
 *
 * What sharing exp(Δ A) between the four directions gives is shown against four passes of selectiveScan over the same
 * sizes, each of which computes its own. See takeTurns for how times are taken.
 */
import { snakeOrders } from '@vssm/core';
import {
  Arena,
  createKernels,
  createMemory,
  fillSnakeTables,
  type GridConvOptions,
  type Kernels,
  probeNative,
  type SnakeScanOptions,
} from '../src/index.ts';
import { randomSource } from '../src/test-support/random-case.ts';
import { summary, takeTurns } from './turns.ts';

const rounds = Number(process.argv[2] ?? 45);
const states = 16;
const [rows, columns] = [14, 14];
const native = await probeNative();
const implementations = native.available ? (['wasm', 'native'] as const) : (['wasm'] as const);
if (!native.available) console.log(`no native kernels: ${native.reason}`);

const sizes = [
  { name: 'PlainMamba-L1 at 224', channels: 384, dtRank: 12 },
  { name: 'PlainMamba-L2 at 224', channels: 768, dtRank: 24 },
  { name: 'PlainMamba-L3 at 224', channels: 896, dtRank: 28 },
];

async function benchmark(name: string, channels: number, dtRank: number, keep: number): Promise<void> {
  const random = randomSource(1);
  const cells = Int32Array.from(
    Array.from({ length: rows * columns }, (_, cell) => cell).filter(() => random() < keep),
  );
  const length = cells.length;
  const arena = new Arena(createMemory());
  const filled = (count: number, low: number, high: number) => {
    const region = arena.float32(count);
    region.view().set(Float32Array.from({ length: count }, () => low + (high - low) * random()));
    return region.at;
  };
  const adjacent = (low: number, high: number) => ({
    at: filled(length * channels, low, high),
    stride: channels,
  });
  const snakes = snakeOrders(rows, columns);
  const table = () => arena.int32(4 * length);
  const [orders, moves, gaps, cellList] = [table(), table(), table(), arena.int32(length)];
  const xz = filled(length * 2 * channels, -1, 1);
  const projected = filled(length * (dtRank + 2 * states), -1, 1);
  const columnsFrom = (column: number) => ({ at: projected + 4 * column, stride: dtRank + 2 * states });
  const gate = { z: { at: xz + 4 * channels, stride: 2 * channels } };
  const shared = {
    ...{ batch: 1, length, channels, states },
    delta: adjacent(-1, 1),
    deltaBias: filled(channels, -4, -2),
    a: filled(channels * states, -16, -1),
    d: filled(channels, 0, 1),
    b: columnsFrom(dtRank),
    c: columnsFrom(dtRank + states),
    u: adjacent(-1, 1),
    y: adjacent(0, 0),
  };
  const snake: SnakeScanOptions = {
    ...shared,
    directionB: filled(5 * states, -1, 1),
    orders: orders.at,
    moves: moves.at,
    gate,
  };
  const sum = adjacent(0, 0);
  const conv: GridConvOptions = {
    ...{ batch: 1, length, channels, kernel: 7, rows, columns, cells: cellList.at, activation: 'silu' },
    x: { at: xz, stride: 2 * channels },
    weight: filled(49 * channels, -1, 1),
    bias: filled(channels, -1, 1),
    u: shared.u,
  };
  const tables = { orders: orders.view(), moves: moves.view(), gaps: gaps.view() };
  fillSnakeTables(snakes, cells, 1, tables);
  cellList.view().set(cells);
  const cases = (kernels: Kernels): Readonly<Record<string, () => void>> => ({
    'four passes of selectiveScan': () => {
      for (let pass = 0; pass < 4; pass++) {
        const direction = pass % 2 === 0 ? 'forward' : 'backward';
        const last = pass === 3 ? { gate } : {};
        kernels.selectiveScan({ ...shared, direction, accumulate: pass > 0, ...last });
      }
    },
    'snakeScan, none': () => kernels.snakeScan(snake),
    'snakeScan, decay': () => kernels.snakeScan({ ...snake, gaps: gaps.at }),
    'snakeScan, decay, sum too': () => kernels.snakeScan({ ...snake, gaps: gaps.at, sum }),
    'gridConv, 7x7': () => kernels.gridConv(conv),
    'gridConv, 3x3': () => kernels.gridConv({ ...conv, kernel: 3 }),
  });
  const all: Record<string, () => void> = {
    fillSnakeTables: () => fillSnakeTables(snakes, cells, 1, tables),
  };
  for (const implementation of implementations) {
    const own = cases(await createKernels(arena.memory, { implementation }));
    for (const [label, run] of Object.entries(own)) all[`${implementation}: ${label}`] = run;
  }
  const times = takeTurns(all, rounds);
  console.log(`\n${name}: ${length} of ${rows * columns} tokens, E ${channels}, N ${states}, one image`);
  for (const [label, taken] of Object.entries(times)) {
    const { median, low, high } = summary(taken);
    console.log(
      `  ${label.padEnd(38)}${median.toFixed(3).padStart(8)} ms  (${low.toFixed(3)} to ${high.toFixed(3)})`,
    );
  }
  const ratio = (over: string, under: string) => {
    const { median, low, high } = summary(times[over].map((time, round) => time / times[under][round]));
    console.log(`  ${over} / ${under}: ${median.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`);
  };
  for (const implementation of implementations) {
    const own = (label: string) => `${implementation}: ${label}`;
    ratio(own('four passes of selectiveScan'), own('snakeScan, none'));
    ratio(own('snakeScan, decay'), own('snakeScan, none'));
    ratio(own('snakeScan, decay, sum too'), own('snakeScan, decay'));
  }
}

for (const { name, channels, dtRank } of sizes) {
  for (const keep of [1, 0.5]) await benchmark(name, channels, dtRank, keep);
}
