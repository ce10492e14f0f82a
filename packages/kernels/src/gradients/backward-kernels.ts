/** The kernels that training needs, over one WebAssembly memory: the checks of each call, and the calls. */
import { maxStates, maxTaps } from '../limits.ts';
import { checkCount, checkPositions, checkRows, checkVector, rowAddress } from '../rows.ts';
import type { WasmMemory } from '../webassembly.ts';
import { type ConvBackwardOptions, convBackwardScratch } from './backward-conv.ts';
import type { GateBackwardOptions, GateOptions } from './backward-gate.ts';
import { type ScanBackwardOptions, scanBackwardScratch } from './backward-scan.ts';

export interface BackwardKernels {
  /** dy → dDelta, dU, dB, dC and the gradients of the scan's parameters. */
  scanBackward(options: ScanBackwardOptions): void;
  /** du → dx and the gradients of the convolution's parameters. */
  convBackward(options: ConvBackwardOptions): void;
  /** ssm, z → y */
  gate(options: GateOptions): void;
  /** dy → dSsm, dZ */
  gateBackward(options: GateBackwardOptions): void;
}

/** The module's exports; arguments as in the .asm.ts files. Addresses and strides in bytes. */
export interface BackwardExports {
  scanBackward(...integers: number[]): void;
  convBackward(...integers: number[]): void;
  gate(...numbers: number[]): void;
  gateBackward(...numbers: number[]): void;
}

/** Channels are worked on in whole groups. */
const group = 8;

export function backwardKernels(module: BackwardExports, memory: WasmMemory): BackwardKernels {
  return {
    scanBackward: (options) => runScanBackward(module, memory, options),
    convBackward: (options) => runConvBackward(module, memory, options),
    gate: (options) => runGate(module, memory, options),
    gateBackward: (options) => runGateBackward(module, memory, options),
  };
}

/** Throws a RangeError for counts that no gradient kernel takes. */
export function checkShape({
  batch,
  length,
  channels,
}: {
  batch: number;
  length: number;
  channels: number;
}): void {
  checkCount('batch', batch);
  checkCount('length', length);
  checkCount('channels', channels);
  if (channels % group !== 0) {
    throw new RangeError(`channels is ${channels}, expected a multiple of ${group}`);
  }
}

export function runScanBackward(
  module: Pick<BackwardExports, 'scanBackward'>,
  memory: WasmMemory,
  options: ScanBackwardOptions,
): void {
  const { batch, length, channels, states, direction, positions } = options;
  const { delta, b, c, u, dy, dDelta, dU, dB, dC } = options;
  checkShape(options);
  checkCount('states', states, maxStates);
  if (states % 4 !== 0) throw new RangeError(`states is ${states}, expected a multiple of 4`);
  for (const [name, rows] of Object.entries({ delta, u, dy, dDelta, dU })) {
    checkRows(memory, name, rows, batch, length, channels);
  }
  for (const [name, rows] of Object.entries({ b, c, dB, dC })) {
    checkRows(memory, name, rows, batch, length, states);
  }
  for (const name of ['deltaBias', 'd', 'dDeltaBias', 'dD'] as const) {
    checkVector(memory, name, options[name], channels);
  }
  checkVector(memory, 'a', options.a, channels * states);
  checkVector(memory, 'dA', options.dA, channels * states);
  checkVector(memory, 'scratch', options.scratch, scanBackwardScratch(length, states));
  if (positions !== undefined) checkPositions(memory, positions, batch, length);
  for (let image = 0; image < batch; image++) {
    const first = (rows: typeof delta) => rowAddress(rows, image, 0, length);
    module.scanBackward(
      length,
      channels,
      states,
      direction === 'backward' ? 1 : 0,
      first(delta),
      4 * delta.stride,
      options.deltaBias,
      options.a,
      options.d,
      first(b),
      4 * b.stride,
      first(c),
      4 * c.stride,
      first(u),
      4 * u.stride,
      positions === undefined ? 0 : positions + 4 * image * length,
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
      options.scratch,
    );
  }
}

export function runConvBackward(
  module: Pick<BackwardExports, 'convBackward'>,
  memory: WasmMemory,
  options: ConvBackwardOptions,
): void {
  const { batch, length, channels, taps, direction, x, du, dx, positions } = options;
  checkShape(options);
  checkCount('taps', taps, maxTaps);
  for (const [name, rows] of Object.entries({ x, du, dx })) {
    checkRows(memory, name, rows, batch, length, channels);
  }
  checkVector(memory, 'weight', options.weight, channels * taps);
  checkVector(memory, 'dWeight', options.dWeight, channels * taps);
  checkVector(memory, 'bias', options.bias, channels);
  checkVector(memory, 'dBias', options.dBias, channels);
  checkVector(memory, 'scratch', options.scratch, convBackwardScratch(channels, taps));
  if (positions !== undefined) checkPositions(memory, positions, batch, length);
  for (let image = 0; image < batch; image++) {
    module.convBackward(
      length,
      channels,
      taps,
      direction === 'backward' ? 1 : 0,
      rowAddress(x, image, 0, length),
      4 * x.stride,
      options.weight,
      options.bias,
      positions === undefined ? 0 : positions + 4 * image * length,
      rowAddress(du, image, 0, length),
      4 * du.stride,
      rowAddress(dx, image, 0, length),
      4 * dx.stride,
      options.accumulate ? 1 : 0,
      options.dWeight,
      options.dBias,
      options.scratch,
    );
  }
}

function runGate(module: BackwardExports, memory: WasmMemory, options: GateOptions): void {
  const { batch, length, channels, scale, ssm, z, y } = options;
  checkShape(options);
  for (const [name, rows] of Object.entries({ ssm, z, y })) {
    checkRows(memory, name, rows, batch, length, channels);
  }
  for (let image = 0; image < batch; image++) {
    module.gate(
      length,
      channels,
      scale,
      rowAddress(ssm, image, 0, length),
      4 * ssm.stride,
      rowAddress(z, image, 0, length),
      4 * z.stride,
      rowAddress(y, image, 0, length),
      4 * y.stride,
    );
  }
}

function runGateBackward(module: BackwardExports, memory: WasmMemory, options: GateBackwardOptions): void {
  const { batch, length, channels, scale, ssm, z, dy, dSsm, dZ } = options;
  checkShape(options);
  for (const [name, rows] of Object.entries({ ssm, z, dy, dSsm, dZ })) {
    checkRows(memory, name, rows, batch, length, channels);
  }
  for (let image = 0; image < batch; image++) {
    module.gateBackward(
      length,
      channels,
      scale,
      rowAddress(ssm, image, 0, length),
      4 * ssm.stride,
      rowAddress(z, image, 0, length),
      4 * z.stride,
      rowAddress(dy, image, 0, length),
      4 * dy.stride,
      rowAddress(dSsm, image, 0, length),
      4 * dSsm.stride,
      rowAddress(dZ, image, 0, length),
      4 * dZ.stride,
    );
  }
}
