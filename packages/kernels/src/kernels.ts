/**
 * The kernels over one WebAssembly memory. Each call is checked (a wrong one throws a RangeError that names the
 * argument, before anything is written), then runs image by image on the calling thread. Convolution and scan run
 * as native code where it can be had, in the same memory, over several threads if asked to; everything runs as WebAssembly.
 */
import { UserError } from '@vssm/core';
import {
  type ContributionExports,
  type ContributionKernels,
  contributionKernels,
} from './contribution/contribution-kernels.ts';
import type { ConvOptions } from './conv/conv.ts';
import type { DeltaOptions } from './delta/delta.ts';
import {
  type BackwardExports,
  type BackwardKernels,
  backwardKernels,
  runConvBackward,
  runScanBackward,
} from './gradients/backward-kernels.ts';
import {
  type PlainBackwardExports,
  type PlainBackwardKernels,
  plainBackwardKernels,
} from './gradients/plain-backward-kernels.ts';
import { maxStates, maxTaps } from './limits.ts';
import { type MatmulExports, type MatmulOptions, runMatmul } from './matrix/matmul.ts';
import { type PackedProducts, packedProducts } from './matrix/packed.ts';
import { type TensorExports, type TensorKernels, tensorKernels } from './matrix/tensor.ts';
import type { Addon, LoadedAddon } from './native/addon.ts';
import { type KernelChoice, type KernelImplementation, kernelChoice } from './native/choice.ts';
import { scratchOf } from './native/scratch.ts';
import { findFault } from './native/self-check.ts';
import { type PlainExports, type PlainKernels, plainKernels } from './plain-kernels.ts';
import { type ReduceExports, type ReduceKernels, reduceKernels } from './reductions/reductions.ts';
import {
  checkCount,
  checkPositions,
  checkRows,
  checkVector,
  type Rows,
  rowAddress,
  workspaceBytes,
} from './rows.ts';
import type { ScanOptions } from './scan/scan.ts';
import type { GatherOptions } from './tokens/tokens.ts';
import {
  type NativeVisionExports,
  type VisionExports,
  type VisionKernels,
  visionKernels,
} from './vision-kernels.ts';
import { type WasmMemory, type WasmModule, webAssembly } from './webassembly.ts';

export interface Kernels
  extends PlainKernels,
    VisionKernels,
    BackwardKernels,
    PlainBackwardKernels,
    ContributionKernels,
    ReduceKernels {
  readonly memory: WasmMemory;
  /** What convolution and scan run as. */
  readonly implementation: KernelImplementation;
  /** x → u = SiLU(convolution + bias). */
  convSilu(options: ConvOptions): void;
  /** delta, B, C, u → y */
  selectiveScan(options: ScanOptions): void;
  /** delta → Δ = softplus(delta + bias), as a signal for scoring. */
  activateDelta(options: DeltaOptions): void;
  /** A', B', plus → to */
  matmul(options: MatmulOptions): void;
  /** Present where they are native code. */
  readonly packed?: PackedProducts;
  readonly tensors: TensorKernels;
  /** A bad index is found when its turn comes; rows before it have been copied by then. */
  gatherRows(options: GatherOptions): void;
}

export type NativeProbe =
  | { readonly available: true; readonly details: Readonly<Record<string, string>> }
  | { readonly available: false; readonly reason: string };

/** The module's exports; arguments as in the .asm.ts files. Addresses and strides in bytes. */
interface Exports
  extends PlainExports,
    VisionExports,
    BackwardExports,
    PlainBackwardExports,
    ContributionExports,
    ReduceExports,
    MatmulExports,
    TensorExports {
  readonly workspaceBytes: { readonly value: number };
  convSilu(...integers: number[]): void;
  selectiveScan(...numbers: number[]): void;
  activateDelta(...integers: number[]): void;
  gatherRows(...integers: number[]): number;
}

/** The part of them that there is native code for. */
type HotExports = Pick<
  Exports,
  | 'convSilu'
  | 'selectiveScan'
  | 'gridConv'
  | 'snakeScan'
  | 'scanBackward'
  | 'convBackward'
  | 'gridConvBackward'
  | 'snakeBackward'
  | 'matmul'
  | 'deformable'
  | 'roiAlign'
  | 'readerWeights'
  | 'addContributions'
  | 'reduceRows'
> &
  NativeVisionExports;

let compiled: Promise<WasmModule> | undefined;

/**
 * @param memory not shared (ONNX Runtime refuses shared memory); its first `workspaceBytes` bytes are the
 *   kernels' own, the rest is the caller's, for instance an Arena's. Two sets of kernels may use one memory.
 * @param options.implementation default: VSSM_KERNELS, else `auto`. Throws a UserError that says why if it is
 *   `native` and there is none.
 * @param options.bytes of wasm/kernels.wasm, where there is no file system to read it from; goes with
 *   `implementation: 'wasm'`
 * @param options.threads among which a call shares its work where it can, if it runs as native
 *   code; default: 1, the calling thread alone
 */
export async function createKernels(
  memory: WasmMemory,
  options: {
    readonly implementation?: KernelChoice;
    readonly bytes?: Uint8Array;
    readonly threads?: number;
  } = {},
): Promise<Kernels> {
  if (memory.buffer.byteLength < workspaceBytes) {
    throw new RangeError(
      `the memory has ${memory.buffer.byteLength} bytes, the kernels need ${workspaceBytes}`,
    );
  }
  compiled ??= compileModule(options.bytes);
  const { exports } = await webAssembly.instantiate(await compiled, { env: { memory } });
  const module = exports as Exports;
  if (module.workspaceBytes.value !== workspaceBytes) {
    throw new Error(
      `kernels.wasm has a workspace of ${module.workspaceBytes.value} bytes, not ${workspaceBytes}: rebuild it`,
    );
  }
  const addon = await chosenAddon(options.implementation ?? kernelChoice());
  const hot = addon === undefined ? module : exportsOf(addon, memory, options.threads);
  return {
    memory,
    implementation: addon === undefined ? 'wasm' : 'native',
    convSilu: (options) => runConv(hot, memory, options),
    selectiveScan: (options) => runScan(hot, memory, options),
    activateDelta: (options) => runDelta(module, memory, options),
    gatherRows: (options) => runGather(module, memory, options),
    matmul: (options) => runMatmul(hot, memory, options),
    ...(addon !== undefined && { packed: packedProducts(addon, memory, options.threads ?? 1) }),
    tensors: tensorKernels(module, memory),
    ...contributionKernels(hot, memory),
    ...reduceKernels(hot, memory),
    ...plainKernels(hot, memory),
    ...visionKernels(hot, memory),
    ...backwardKernels({ ...module, scanBackward: hot.scanBackward, convBackward: hot.convBackward }, memory),
    ...plainBackwardKernels(hot, memory),
  };
}

/**
 * What `createKernels` would run as, having compiled the native kernels if that has not been done yet: worth asking
 * before starting threads that would otherwise all compile at once. Throws like it.
 */
export async function kernelImplementation(
  choice: KernelChoice = kernelChoice(),
): Promise<KernelImplementation> {
  return (await chosenAddon(choice)) === undefined ? 'wasm' : 'native';
}

/** Whether there are native kernels on this machine, whatever has been chosen; a few seconds the first time. */
export async function probeNative(): Promise<NativeProbe> {
  const loaded = await loadNative();
  if (!loaded.available) return loaded;
  return { available: true, details: { compiler: loaded.compiler, file: loaded.file } };
}

async function compileModule(given?: Uint8Array): Promise<WasmModule> {
  if (given !== undefined) return webAssembly.compile(given);
  const { readFile } = await import('node:fs/promises');
  return webAssembly.compile(await readFile(new URL('../wasm/kernels.wasm', import.meta.url)));
}

async function chosenAddon(choice: KernelChoice): Promise<Addon | undefined> {
  if (choice === 'wasm') return undefined;
  const loaded = await loadNative();
  if (loaded.available) return loaded.addon;
  if (choice === 'auto') {
    if (loaded.broken) (await import('./native/addon.ts')).tellFallback(loaded.reason);
    return undefined;
  }
  throw new UserError(`there are no native kernels: ${loaded.reason}; choose VSSM_KERNELS=auto or wasm`);
}

/** Loads the code for it on demand: a page has neither native kernels nor Node's modules. */
async function loadNative(): Promise<LoadedAddon> {
  const { nativeAddon } = await import('./native/addon.ts');
  return nativeAddon((addon) =>
    findFault((memory) => {
      const hot = exportsOf(addon, memory);
      return {
        convSilu: (options) => runConv(hot, memory, options),
        selectiveScan: (options) => runScan(hot, memory, options),
        ...contributionKernels(hot, memory),
        ...reduceKernels(hot, memory),
        ...plainKernels(hot, memory),
        ...visionKernels(hot, memory),
        scanBackward: (options) => runScanBackward(hot, memory, options),
        convBackward: (options) => runConvBackward(hot, memory, options),
        ...plainBackwardKernels(hot, memory),
        matmul: (options) => runMatmul(hot, memory, options),
        packed: packedProducts(addon, memory, 1),
      };
    }),
  );
}

/** The addon with the arguments of the WebAssembly module. */
function exportsOf(addon: Addon, memory: WasmMemory, threads = 1): HotExports {
  const scratch = scratchOf(addon);
  return {
    convSilu: (...integers) => addon.convSilu(memory.buffer, scratch, threads, ...integers),
    selectiveScan: (...numbers) => addon.selectiveScan(memory.buffer, scratch, threads, ...numbers),
    gridConv: (...integers) => addon.gridConv(memory.buffer, scratch, threads, ...integers),
    snakeScan: (...integers) => addon.snakeScan(memory.buffer, scratch, threads, ...integers),
    scanBackward: (...integers) => addon.scanBackward(memory.buffer, scratch, ...integers),
    convBackward: (...integers) => addon.convBackward(memory.buffer, scratch, ...integers),
    gridConvBackward: (...integers) => addon.gridConvBackward(memory.buffer, scratch, ...integers),
    snakeBackward: (...integers) => addon.snakeBackward(memory.buffer, scratch, ...integers),
    readerWeights: (...integers) => addon.readerWeights(memory.buffer, scratch, threads, ...integers),
    addContributions: (...integers) => addon.addContributions(memory.buffer, scratch, threads, ...integers),
    reduceRows: (...integers) => addon.reduceRows(memory.buffer, scratch, threads, ...integers),
    matmul: (...numbers) => addon.matmul(memory.buffer, scratch, threads, ...numbers),
    deformable: (...integers) => addon.deformable(memory.buffer, scratch, threads, ...integers),
    roiAlign: (...integers) => addon.roiAlign(memory.buffer, scratch, threads, ...integers),
    winograd: (...integers) => addon.winograd(memory.buffer, scratch, threads, ...integers),
  };
}

function runConv(module: HotExports, memory: WasmMemory, options: ConvOptions): void {
  const { batch, length, channels, taps, direction, x, u, weight, bias, positions } = options;
  checkCounts({ batch, length, channels });
  checkCount('taps', taps, maxTaps);
  checkRows(memory, 'x', x, batch, length, channels);
  checkRows(memory, 'u', u, batch, length, channels);
  checkVector(memory, 'weight', weight, channels * taps);
  checkVector(memory, 'bias', bias, channels);
  if (positions !== undefined) checkPositions(memory, positions, batch, length);

  for (let image = 0; image < batch; image++) {
    module.convSilu(
      length,
      channels,
      taps,
      direction === 'backward' ? 1 : 0,
      rowAddress(x, image, 0, length),
      4 * x.stride,
      weight,
      bias,
      positions === undefined ? 0 : positions + 4 * image * length,
      rowAddress(u, image, 0, length),
      4 * u.stride,
    );
  }
}

function runScan(module: HotExports, memory: WasmMemory, options: ScanOptions): void {
  const { batch, length, channels, states, direction, delta, deltaBias, a, d, b, c, u, y } = options;
  const { positions, gate, own } = options;
  checkCounts({ batch, length, channels });
  checkCount('states', states, maxStates);
  if (states % 4 !== 0) throw new RangeError(`states is ${states}, expected a multiple of 4`);
  checkRows(memory, 'delta', delta, batch, length, channels);
  checkRows(memory, 'b', b, batch, length, states);
  checkRows(memory, 'c', c, batch, length, states);
  checkRows(memory, 'u', u, batch, length, channels);
  checkRows(memory, 'y', y, batch, length, channels);
  checkVector(memory, 'deltaBias', deltaBias, channels);
  checkVector(memory, 'a', a, channels * states);
  checkVector(memory, 'd', d, channels);
  if (positions !== undefined) checkPositions(memory, positions, batch, length);
  if (gate !== undefined) checkRows(memory, 'gate.z', gate.z, batch, length, channels);
  if (own !== undefined) checkRows(memory, 'own', own, batch, length, channels);
  if (options.ownGated && gate === undefined) throw new RangeError('ownGated is true, which needs a gate');

  const zRows: Rows = gate?.z ?? { at: 0, stride: 0 };
  for (let image = 0; image < batch; image++) {
    module.selectiveScan(
      length,
      channels,
      states,
      direction === 'backward' ? 1 : 0,
      rowAddress(delta, image, 0, length),
      4 * delta.stride,
      deltaBias,
      a,
      d,
      rowAddress(b, image, 0, length),
      4 * b.stride,
      rowAddress(c, image, 0, length),
      4 * c.stride,
      rowAddress(u, image, 0, length),
      4 * u.stride,
      positions === undefined ? 0 : positions + 4 * image * length,
      rowAddress(y, image, 0, length),
      4 * y.stride,
      options.accumulate ? 1 : 0,
      rowAddress(zRows, image, 0, length),
      4 * zRows.stride,
      gate?.scale ?? 1,
      own === undefined ? 0 : rowAddress(own, image, 0, length),
      own === undefined ? 0 : 4 * own.stride,
      options.ownGated ? 1 : 0,
    );
  }
}

function runDelta(module: Exports, memory: WasmMemory, options: DeltaOptions): void {
  const { batch, length, channels, delta, bias, to } = options;
  checkCounts({ batch, length, channels });
  checkRows(memory, 'delta', delta, batch, length, channels);
  checkRows(memory, 'to', to, batch, length, channels);
  checkVector(memory, 'bias', bias, channels);
  for (let image = 0; image < batch; image++) {
    module.activateDelta(
      length,
      channels,
      rowAddress(delta, image, 0, length),
      4 * delta.stride,
      bias,
      rowAddress(to, image, 0, length),
      4 * to.stride,
    );
  }
}

function runGather(module: Exports, memory: WasmMemory, options: GatherOptions): void {
  const { batch, length, kept, width, from, to, indices } = options;
  checkCounts({ batch, length, kept, width });
  checkRows(memory, 'from', from, batch, length, width);
  checkRows(memory, 'to', to, batch, kept, width);
  checkVector(memory, 'indices', indices, batch * kept);
  for (let image = 0; image < batch; image++) {
    const bad = module.gatherRows(
      length,
      kept,
      width,
      rowAddress(from, image, 0, length),
      4 * from.stride,
      indices + 4 * image * kept,
      rowAddress(to, image, 0, kept),
      4 * to.stride,
    );
    if (bad >= 0) {
      const index = new Int32Array(memory.buffer, indices)[image * kept + bad];
      throw new RangeError(`indices[${image}][${bad}] is ${index}, the sequence has ${length} tokens`);
    }
  }
}

function checkCounts(counts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counts)) checkCount(name, value);
}
