/** PlainMamba's kernels in WGSL against their TypeScript twins, each run alone in a real browser. */
import { scanDirections, snakeOrders } from '@vssm/core';
import { fillSnakeTables, gridConvReference, snakeScanReference, tapsFirst } from '@vssm/kernels';
import {
  cellTokensShader,
  encodeShape,
  gridConvShader,
  packGridConv,
  packScanParameters,
  packSnakes,
  rowGrid,
  type SequenceShape,
  type SnakeDirection,
  scanGrid,
  scanShader,
  snakeStepsShader,
} from '@vssm/kernels/wgsl';
import { describe, expect, it } from 'vitest';
import { withBrowser } from './test-support/browser.ts';
import { Layout, largestDifference, runShader, spread } from './test-support/shader.ts';

const floats = (buffer: ArrayBuffer) => new Float32Array(buffer);
const integers = (buffer: ArrayBuffer) => new Int32Array(buffer);
const zeros = (count: number) => new Float32Array(count);
const shapeOf = (shape: Partial<SequenceShape> & Pick<SequenceShape, 'length'>) =>
  encodeShape({ kept: shape.length, tapStride: 0, gapStride: 0, protectedTokens: 0, ...shape });

/** float32 sums of up to 50 terms around 1, and exp and division that are good to a few units in the last place. */
const closeEnough = 5e-6;

const batch = 2;
const [rows, columns] = [7, 5];

/** [B, K]: cells of the kept tokens, rising, others in each image. */
function keptCells(length: number): Int32Array<ArrayBuffer> {
  const cells = new Int32Array(batch * length);
  for (let image = 0; image < batch; image++) {
    const all = Array.from({ length: rows * columns }, (_, cell) => cell);
    all.sort((a, b) => ((a * (17 + image)) % 37) - ((b * (17 + image)) % 37));
    cells.set(
      all.slice(0, length).sort((a, b) => a - b),
      image * length,
    );
  }
  return cells;
}

await withBrowser(async (browser) => {
  const tab = await browser.openTab();

  /** token of each cell, [B, cells] */
  async function tokensOf(cells: Int32Array<ArrayBuffer>, length: number): Promise<Int32Array<ArrayBuffer>> {
    const [tokens] = await runShader(
      tab,
      cellTokensShader({ rows, columns }),
      [shapeOf({ length }), cells, new Int32Array(batch * rows * columns)],
      rowGrid(rows * columns, 1, batch),
    );
    return integers(tokens);
  }

  async function stepsOf(cells: Int32Array<ArrayBuffer>, length: number): Promise<Int32Array<ArrayBuffer>> {
    const [steps] = await runShader(
      tab,
      snakeStepsShader({ rows, columns }),
      [
        shapeOf({ length }),
        packSnakes(snakeOrders(rows, columns)),
        await tokensOf(cells, length),
        new Int32Array(batch * scanDirections * length * 3),
      ],
      [scanDirections, 1, batch],
    );
    return integers(steps);
  }

  function tablesOf(cells: Int32Array, length: number) {
    const make = () => new Int32Array(batch * scanDirections * length);
    const tables = { orders: make(), moves: make(), gaps: make() };
    fillSnakeTables(snakeOrders(rows, columns), cells, batch, tables);
    return tables;
  }

  describe('tables', () => {
    it.each([1, 2, 20, rows * columns])('of %i tokens', async (length) => {
      const cells = keptCells(length);
      const tokens = await tokensOf(cells, length);
      for (let image = 0; image < batch; image++) {
        const own = [...cells.slice(image * length, (image + 1) * length)];
        const all = Array.from({ length: rows * columns }, (_, cell) => own.indexOf(cell));
        expect([...tokens.slice(image * rows * columns, (image + 1) * rows * columns)]).toEqual(all);
      }
      const steps = await stepsOf(cells, length);
      const { orders, moves, gaps } = tablesOf(cells, length);
      expect([...steps]).toEqual([...orders].flatMap((order, i) => [order, moves[i], gaps[i]]));
    });
  });

  describe('grid convolution', () => {
    it.each([
      { channels: 70, kernel: 7, length: 20, activation: 'silu' },
      { channels: 70, kernel: 7, length: rows * columns, activation: 'silu' },
      { channels: 64, kernel: 3, length: 20, activation: 'none' },
      { channels: 1, kernel: 1, length: 1, activation: 'none' },
      { channels: 3, kernel: 15, length: 30, activation: 'silu' },
    ] as const)('$kernel x $kernel on $length cells, $channels channels', async (own) => {
      const { channels, kernel, length, activation } = own;
      const stride = 2 * channels;
      const cells = keptCells(length);
      const x = spread(batch * length * stride, -2, 2, 1);
      const weight = spread(channels * kernel ** 2, -0.4, 0.4, 2);
      const bias = spread(channels, -1, 1, 3);
      const [u] = await runShader(
        tab,
        gridConvShader({ rows, columns, channels, kernel, stride, activation }),
        [
          shapeOf({ length }),
          x,
          packGridConv(weight, bias),
          cells,
          await tokensOf(cells, length),
          zeros(batch * length * channels),
        ],
        rowGrid(channels, length, batch),
      );
      const layout = new Layout();
      const options = {
        batch,
        length,
        channels,
        kernel,
        rows,
        columns,
        activation,
        x: { at: layout.place(x), stride },
        weight: layout.place(tapsFirst(weight, channels)),
        bias: layout.place(bias),
        cells: layout.place(cells),
        u: { at: 0, stride: channels },
      };
      expect(largestDifference(floats(u), gridConvReference(layout.buffer, options))).toBeLessThan(
        closeEnough,
      );
    });
  });

  describe('snake scan', () => {
    const [channels, states, dtRank] = [70, 16, 3];
    const cases = [
      { length: 20, gaps: true, leaves: undefined },
      { length: 20, gaps: false, leaves: 'ssm' },
      { length: 20, gaps: true, leaves: 'ssm' },
      { length: rows * columns, gaps: true, leaves: undefined },
      { length: 1, gaps: true, leaves: 'ssm' },
    ] as const;
    it.each(cases)('$length tokens, gaps $gaps, leaves $leaves', async ({ length, gaps, leaves }) => {
      const all = batch * length;
      const width = dtRank + 2 * states;
      const cells = keptCells(length);
      const steps = await stepsOf(cells, length);
      const projected = spread(all * width, -1, 1, 1);
      const delta = spread(all * channels, -6, 1, 2);
      const u = spread(all * channels, -1, 2, 3);
      const xz = spread(all * 2 * channels, -4, 4, 4);
      const parameters = {
        aLog: spread(channels * states, -2, 2.7, 5),
        deltaBias: spread(channels, -5, 1, 6),
        d: spread(channels, -1, 1, 7),
        directionB: spread(5 * states, -1, 1, 8),
      };
      const scan = { channels, states, dtRank };
      const shape = shapeOf({ length, gapStride: gaps ? length : 0 });
      const packed = packScanParameters(scan, parameters);
      // What is there before must not matter: the first pass overwrites.
      let y: Float32Array<ArrayBuffer> = zeros(all * channels).fill(1e6);
      let signal: ArrayBuffer | undefined;
      for (const direction of [0, 1, 2, 3] as const satisfies readonly SnakeDirection[]) {
        const last = direction === 3;
        const outputs = await runShader(
          tab,
          scanShader(scan, {
            direction,
            accumulate: direction > 0,
            ...(last && { gate: { scale: 1, ...(leaves && { leaves }) } }),
          }),
          [
            shape,
            projected,
            delta,
            u,
            packed,
            steps,
            y,
            ...(last ? [xz] : []),
            ...(last && leaves ? [zeros(all * channels)] : []),
          ],
          scanGrid(scan, batch),
        );
        y = floats(outputs[0]);
        signal = outputs[1];
      }
      const layout = new Layout();
      const at = layout.place(projected);
      const tables = tablesOf(cells, length);
      const options = {
        batch,
        length,
        channels,
        states,
        delta: { at: layout.place(delta), stride: channels },
        deltaBias: layout.place(parameters.deltaBias),
        a: layout.place(parameters.aLog.map((value) => -Math.exp(value))),
        d: layout.place(parameters.d),
        b: { at: at + 4 * dtRank, stride: width },
        c: { at: at + 4 * (dtRank + states), stride: width },
        directionB: layout.place(parameters.directionB),
        u: { at: layout.place(u), stride: channels },
        y: { at: 0, stride: channels },
        orders: layout.place(tables.orders),
        moves: layout.place(tables.moves),
        ...(gaps && { gaps: layout.place(tables.gaps) }),
        gate: { z: { at: layout.place(xz) + 4 * channels, stride: 2 * channels } },
      };
      const expected = snakeScanReference(layout.buffer, options);
      const largest = (values: Float64Array) =>
        values.reduce((max, value) => Math.max(max, Math.abs(value)), 1);
      expect(largestDifference(y, expected.y)).toBeLessThan(closeEnough * largest(expected.y));
      if (leaves === undefined) return;
      expect(largestDifference(floats(signal!), expected.sum)).toBeLessThan(
        closeEnough * largest(expected.sum),
      );
    });
  });
});
