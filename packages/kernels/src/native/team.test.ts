/** Native kernels over several threads: the same bits as over one, whoever calls. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { snakeOrders } from '@vssm/core';
import { describe, expect, it } from 'vitest';
import { createKernels, type Kernels, probeNative } from '../kernels.ts';
import type { Rows } from '../rows.ts';
import { fillSnakeTables } from '../snake/snake-orders.ts';
import { RandomCase } from '../test-support/random-case.ts';
import { winogradScratch, winogradWeights } from '../winograd/winograd.ts';

const probe = await probeNative();

// Seven shares of 32 channels and a rest; two images.
const [batch, length, channels, states] = [2, 40, 232, 8] as const;
const size = { batch, length, channels };

interface Case {
  readonly data: RandomCase;
  readonly outputs: readonly Rows[];
  run(kernels: Kernels): void;
}

const ones = (data: RandomCase) => () => data.between(-1, 1);
const wide = (data: RandomCase) => data.rows(batch, length, channels, ones(data));
const narrow = (data: RandomCase) => data.rows(batch, length, states, ones(data));
const vector = (data: RandomCase, count: number) => data.vector(count, ones(data));
const slopes = (data: RandomCase) => data.vector(channels * states, () => -Math.exp(data.between(-1, 3)));

const cases: Readonly<Record<string, () => Case>> = {
  'the convolution': () => {
    const data = new RandomCase(1);
    const [x, u] = [wide(data), wide(data)];
    const [weight, bias, positions] = [
      vector(data, 4 * channels),
      vector(data, channels),
      data.positions(batch, length),
    ];
    return {
      data,
      outputs: [u],
      run: (kernels) =>
        kernels.convSilu({ ...size, taps: 4, direction: 'backward', x, u, weight, bias, positions }),
    };
  },
  'the scan, gated, its own direction kept': () => {
    const data = new RandomCase(2);
    const options = {
      ...{ ...size, states, direction: 'backward' as const, accumulate: true, ownGated: true },
      ...{ delta: wide(data), u: wide(data), b: narrow(data), c: narrow(data) },
      ...{ deltaBias: vector(data, channels), a: slopes(data), d: vector(data, channels) },
      positions: data.positions(batch, length),
      gate: { z: wide(data), scale: 0.5 },
    } as const;
    const [y, own] = [wide(data), wide(data)];
    const before = data.read(y, batch, length, channels);
    const floats = new Float32Array(data.arena.memory.buffer);
    return {
      data,
      outputs: [y, own],
      run(kernels) {
        // It adds to y: each run begins with the same.
        for (let row = 0; row < batch * length; row++) {
          const image = Math.floor(row / length);
          const at = y.at / 4 + image * y.imageStride! + (row % length) * y.stride;
          floats.set(before.subarray(row * channels, (row + 1) * channels), at);
        }
        kernels.selectiveScan({ ...options, y, own });
      },
    };
  },
  'the convolution on a grid': () => {
    const data = new RandomCase(3);
    const [x, u, weight, bias] = [wide(data), wide(data), vector(data, 9 * channels), vector(data, channels)];
    const cells = data.cells(batch, 8 * 9, length);
    const grid = { kernel: 3, rows: 8, columns: 9, activation: 'silu', cells } as const;
    return {
      data,
      outputs: [u],
      run: (kernels) => kernels.gridConv({ ...size, ...grid, x, u, weight, bias }),
    };
  },
  'the four-direction scan, gated, its sum kept': () => {
    const data = new RandomCase(4);
    const region = () => data.arena.int32(batch * 4 * length);
    const tables = [region(), region(), region()] as const;
    const [orders, moves, gaps] = tables.map((table) => table.view()) as [Int32Array, Int32Array, Int32Array];
    const cells = new Int32Array(data.arena.memory.buffer, data.cells(batch, 8 * 9, length), batch * length);
    fillSnakeTables(snakeOrders(8, 9), cells.slice(), batch, { orders, moves, gaps });
    const options = {
      ...{ ...size, states, orders: tables[0].at, moves: tables[1].at, gaps: tables[2].at },
      ...{ delta: wide(data), u: wide(data), b: narrow(data), c: narrow(data) },
      ...{ deltaBias: vector(data, channels), a: slopes(data), d: vector(data, channels) },
      directionB: vector(data, 5 * states),
      gate: { z: wide(data) },
    };
    const [y, sum] = [wide(data), wide(data)];
    return { data, outputs: [y, sum], run: (kernels) => kernels.snakeScan({ ...options, y, sum }) };
  },
  'deformable attention': () => {
    const data = new RandomCase(5);
    // Seven shares of 32 queries and a rest.
    const queries = batch * length * 3 + 1;
    const rows = (count: number, width: number) => data.rows(1, count, width, ones(data));
    const to = data.rows(batch, length, channels, ones(data));
    const options = {
      ...{ queries, channels: 24, heads: 2, points: 2, levels: 1, grids: data.integers([8, 9]) },
      ...{ references: rows(queries, 2), offsets: rows(queries, 8), scores: rows(queries, 4) },
      ...{ values: rows(72, 24), to: { at: to.at, stride: 24 } },
    };
    return { data, outputs: [to], run: (kernels) => kernels.deformable(options) };
  },
  RoIAlign: () => {
    const data = new RandomCase(6);
    const regions = 232;
    const to = data.rows(batch, length, channels, ones(data));
    const corners = Array.from({ length: 4 * regions }, (_, i) => data.between(0, 9) + (i % 4 < 2 ? 0 : 20));
    const options = {
      ...{ regions, channels: 8, side: 3, levels: 2, grids: data.integers([8, 9, 4, 4, 5, 8]) },
      boxes: data.vector(corners.length, (i) => corners[i]),
      boxLevels: data.integers(corners.slice(0, regions).map((corner) => (corner > 10 ? 1 : 0))),
      ...{ values: data.rows(1, 92, 8, ones(data)), to: { at: to.at, stride: 8 } },
    };
    return { data, outputs: [to], run: (kernels) => kernels.roiAlign(options) };
  },
  'the convolution of maps': () => {
    const data = new RandomCase(7);
    // Four shares of 32 tiles.
    const weight = winogradWeights(Float32Array.from({ length: 9 * 8 * 8 }, ones(data)), 8);
    const to = data.rows(batch, length, channels, ones(data));
    const options = {
      ...{ maps: 2, rows: 32, columns: 32, channels: 8, outputs: 8, activation: 'relu' as const },
      x: data.rows(1, 2048, 8, ones(data)),
      weight: data.vector(weight.length, (i) => weight[i]),
      ...{ bias: vector(data, 8), scratch: data.vector(winogradScratch(8), () => Number.NaN) },
      to: { at: to.at, stride: 8 },
    };
    return { data, outputs: [to], run: (kernels) => kernels.winograd!(options) };
  },
};

describe.skipIf(!probe.available)('native kernels over several threads', () => {
  describe.each(Object.entries(cases))('%s', (_, make) => {
    it.each([2, 3, 5, 200])('over %i threads gives the bits of one', async (threads) => {
      const { data, outputs, run } = make();
      const { memory } = data.arena;
      run(await createKernels(memory, { implementation: 'native' }));
      const read = () => outputs.map((rows) => data.read(rows, batch, length, channels));
      const alone = read();
      const canaries = data.canaries();
      const shared = await createKernels(memory, { implementation: 'native', threads });
      for (let time = 0; time < 20; time++) {
        for (const rows of outputs) {
          new Float32Array(memory.buffer).fill(7, rows.at / 4, rows.at / 4 + channels);
        }
        run(shared);
        expect(read()).toEqual(alone);
      }
      expect(data.canaries()).toBe(canaries);
    });
  });

  it('serve any number of JavaScript threads, which come and go', async () => {
    // The first thread does not load the library: it goes with the last worker, its own threads may not.
    const worker = `
      import { parentPort, workerData } from 'node:worker_threads';
      import(workerData).then(async ({ Arena, createKernels, createMemory }) => {
        const arena = new Arena(createMemory());
        const floats = (count, value) => { const region = arena.float32(count); region.view().fill(value); return region; };
        const [length, channels, taps] = [20, 256, 4];
        const rows = (value) => floats(length * channels, value);
        const [x, u] = [rows(1), rows(0)];
        const kernels = await createKernels(arena.memory, { implementation: 'native', threads: 4 });
        const options = { batch: 1, length, channels, taps, direction: 'forward', x: { at: x.at, stride: channels },
          u: { at: u.at, stride: channels }, weight: floats(taps * channels, 0.5).at, bias: floats(channels, 1).at };
        let wrong = 0;
        for (let time = 0; time < 300; time++) {
          u.view().fill(0);
          kernels.convSilu(options);
          for (const [i, value] of u.view().entries()) {
            const sum = 1 + 0.5 * Math.min(taps, 1 + Math.floor(i / channels));
            if (!(Math.abs(value - sum / (1 + Math.exp(-sum))) < 1e-5)) wrong++;
          }
        }
        parentPort.postMessage(wrong);
      });`;
    const program = `
      const { Worker } = await import('node:worker_threads');
      const once = () => new Promise((resolve, reject) => {
        const worker = new Worker(${JSON.stringify(worker)}, { eval: true, workerData: ${JSON.stringify(new URL('../index.ts', import.meta.url).href)} });
        let wrong;
        worker.once('error', reject).once('message', (count) => { wrong = count; }).once('exit', () => resolve(wrong));
      });
      const counts = [];
      for (let round = 0; round < 3; round++) counts.push(...(await Promise.all([once(), once(), once()])));
      console.log(JSON.stringify(counts));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    expect(JSON.parse(stdout)).toEqual(Array(9).fill(0));
  });
});
