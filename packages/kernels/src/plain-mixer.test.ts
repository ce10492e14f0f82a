/**
 * A whole PlainMamba mixer, as a backend runs it: projections in plain loops, everything between them in the kernels.
 * Checked against upstream's own output.
 */
import { snakeOrders } from '@vssm/core';
import { expect, it } from 'vitest';
import { Arena } from './arena.ts';
import { tapsFirst } from './grid/grid-conv.ts';
import { createKernels } from './kernels.ts';
import type { Rows } from './rows.ts';
import { fillSnakeTables } from './snake/snake-orders.ts';
import { describeImplementations } from './test-support/implementations.ts';
import { golden, project } from './test-support/mixer.ts';
import { createMemory } from './webassembly.ts';

const batch = 2;
const [gridRows, gridColumns] = [8, 8];
const length = gridRows * gridColumns;
const width = 32;
const channels = 64;
const states = 16;
const dtRank = 2;

describeImplementations('the kernels', (implementation) => {
  it('reproduces the output of an official PlainMamba mixer', async () => {
    const tensor = golden('plainmamba-micro-mixer.safetensors');
    const arena = new Arena(createMemory());
    const kernels = await createKernels(arena.memory, { implementation });
    const rows = (stride: number): Rows => ({ at: arena.float32(batch * length * stride).at, stride });
    const columns = (of: Rows, first: number): Rows => ({ at: of.at + 4 * first, stride: of.stride });
    const numbers = (values: Float32Array) => {
      const region = arena.float32(values.length);
      region.view().set(values);
      return region.at;
    };
    const parameter = (name: string, map = (value: number) => value) =>
      numbers(tensor(`mamba.${name}`).map(map));
    const table = () => arena.int32(4 * length);
    const [orders, moves, gaps] = [table(), table(), table()];
    const [normed, xz, projected] = [rows(width), rows(2 * channels), rows(dtRank + 2 * states)];
    const [u, delta, y, hidden] = [rows(channels), rows(channels), rows(channels), rows(width)];
    const conv = {
      weight: numbers(tapsFirst(tensor('mamba.conv2d.weight'), channels)),
      bias: parameter('conv2d.bias'),
    };
    const scan = {
      deltaBias: parameter('dt_proj.bias', (bias) => 2 * bias),
      a: parameter('A_log', (log) => -Math.exp(log)),
      d: parameter('D'),
      directionB: parameter('direction_Bs'),
    };
    const allCells = Int32Array.from({ length }, (_, cell) => cell);
    fillSnakeTables(snakeOrders(gridRows, gridColumns), allCells, 1, {
      orders: orders.view(),
      moves: moves.view(),
      gaps: gaps.view(),
    });

    const floats = new Float32Array(arena.memory.buffer);
    const all = batch * length;
    /** Largest difference from upstream's tensor. */
    const error = (at: Rows, name: string) => {
      const want = tensor(`layer0.${name}`);
      let worst = 0;
      for (const [i, value] of want.entries())
        worst = Math.max(worst, Math.abs(floats[at.at / 4 + i] - value));
      return worst;
    };
    floats.set(tensor('layer0.normed'), normed.at / 4);
    project(floats, all, normed, width, tensor('mamba.in_proj.weight'), xz, tensor('mamba.in_proj.bias'));
    kernels.gridConv({
      ...{ batch, length, channels, kernel: 7, rows: gridRows, columns: gridColumns, activation: 'silu' },
      ...{ x: xz, ...conv, u },
    });
    project(floats, all, u, channels, tensor('mamba.x_proj.weight'), projected);
    project(floats, all, projected, dtRank, tensor('mamba.dt_proj.weight'), delta);
    kernels.snakeScan({
      ...{ batch, length, channels, states, delta, ...scan, u, y, ordersStride: 0 },
      ...{ orders: orders.at, moves: moves.at, gaps: gaps.at },
      b: columns(projected, dtRank),
      c: columns(projected, dtRank + states),
      gate: { z: columns(xz, channels) },
    });
    project(floats, all, y, channels, tensor('mamba.out_proj.weight'), hidden, tensor('mamba.out_proj.bias'));

    // float32 throughout, against a float64 run rounded to float32.
    expect(error(u, 'x_conv')).toBeLessThan(2e-6);
    expect(error(y, 'y_sum_gated')).toBeLessThan(2e-5);
    expect(error(hidden, 'mixer_out')).toBeLessThan(1e-5);
  });
});
