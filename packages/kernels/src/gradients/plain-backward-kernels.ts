/** The gradients of PlainMamba's kernels over one WebAssembly memory: the checks of each call, and the calls. */
import { directionIds } from '@vssm/core';
import { checkGrid, checkSnake } from '../plain-kernels.ts';
import { checkRows, checkVector, rowAddress } from '../rows.ts';
import { ordersOffset } from '../snake/snake-scan.ts';
import type { WasmMemory } from '../webassembly.ts';
import { type GridConvBackwardOptions, gridConvBackwardScratch } from './backward-grid.ts';
import { checkShape } from './backward-kernels.ts';
import { type SnakeBackwardOptions, snakeBackwardScratch } from './backward-snake.ts';

export interface PlainBackwardKernels {
  /** du → dx and the gradients of the grid convolution's parameters. */
  gridConvBackward(options: GridConvBackwardOptions): void;
  /** dy → dDelta, dU, dB, dC and the gradients of the four-direction scan's parameters. */
  snakeBackward(options: SnakeBackwardOptions): void;
}

/** The module's exports; arguments as in the .asm.ts files. Addresses and strides in bytes. */
export interface PlainBackwardExports {
  gridConvBackward(...integers: number[]): void;
  snakeBackward(...integers: number[]): void;
}

export function plainBackwardKernels(module: PlainBackwardExports, memory: WasmMemory): PlainBackwardKernels {
  return {
    gridConvBackward: (options) => runGridConvBackward(module, memory, options),
    snakeBackward: (options) => runSnakeBackward(module, memory, options),
  };
}

function runGridConvBackward(
  module: PlainBackwardExports,
  memory: WasmMemory,
  options: GridConvBackwardOptions,
): void {
  const { batch, length, channels, kernel, rows, columns, x, weight, bias, cells, du, dx } = options;
  checkShape(options);
  checkGrid(memory, options);
  checkRows(memory, 'du', du, batch, length, channels);
  checkRows(memory, 'dx', dx, batch, length, channels);
  checkVector(memory, 'dWeight', options.dWeight, kernel * kernel * channels);
  checkVector(memory, 'dBias', options.dBias, channels);
  checkVector(memory, 'scratch', options.scratch, gridConvBackwardScratch(options));
  for (let image = 0; image < batch; image++) {
    module.gridConvBackward(
      length,
      channels,
      kernel,
      rows,
      columns,
      rowAddress(x, image, 0, length),
      4 * x.stride,
      weight,
      bias,
      cells === undefined ? 0 : cells + 4 * image * length,
      options.activation === 'silu' ? 1 : 0,
      rowAddress(du, image, 0, length),
      4 * du.stride,
      rowAddress(dx, image, 0, length),
      4 * dx.stride,
      options.dWeight,
      options.dBias,
      options.scratch,
    );
  }
}

function runSnakeBackward(
  module: PlainBackwardExports,
  memory: WasmMemory,
  options: SnakeBackwardOptions,
): void {
  const { batch, length, channels, states, delta, b, c, u, gaps, dy, dDelta, dU, dB, dC } = options;
  checkShape(options);
  checkSnake(memory, options);
  for (const [name, rows] of Object.entries({ dy, dDelta, dU })) {
    checkRows(memory, name, rows, batch, length, channels);
  }
  for (const [name, rows] of Object.entries({ dB, dC })) checkRows(memory, name, rows, batch, length, states);
  for (const name of ['dDeltaBias', 'dD'] as const) checkVector(memory, name, options[name], channels);
  checkVector(memory, 'dA', options.dA, channels * states);
  checkVector(memory, 'dDirectionB', options.dDirectionB, directionIds * states);
  checkVector(memory, 'scratch', options.scratch, snakeBackwardScratch(length, states));
  for (let image = 0; image < batch; image++) {
    const first = (rows: typeof delta) => rowAddress(rows, image, 0, length);
    const table = 4 * ordersOffset(options, image);
    module.snakeBackward(
      length,
      channels,
      states,
      first(delta),
      4 * delta.stride,
      options.deltaBias,
      options.a,
      options.d,
      first(b),
      4 * b.stride,
      first(c),
      4 * c.stride,
      options.directionB,
      first(u),
      4 * u.stride,
      options.orders + table,
      options.moves + table,
      gaps === undefined ? 0 : gaps + table,
      first(dy),
      4 * dy.stride,
      first(dDelta),
      4 * dDelta.stride,
      first(dU),
      4 * dU.stride,
      first(dB),
      4 * dB.stride,
      first(dC),
      4 * dC.stride,
      options.dDeltaBias,
      options.dA,
      options.dD,
      options.dDirectionB,
      options.scratch,
    );
  }
}
