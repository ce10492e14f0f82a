/** The kernels around the scan that reads contributions: the checks of each call, and the calls, image by image. */
import { checkCount, checkRows, checkVector, type Rows, rowAddress } from '../rows.ts';
import type { WasmMemory } from '../webassembly.ts';
import type { ContributionOptions, ReaderWeightOptions } from './contribution.ts';

export interface ContributionKernels {
  /** delta, z → to: the weights of the tokens that are read out. */
  readerWeights(options: ReaderWeightOptions): void;
  /** to += what each token gave. */
  addContributions(options: ContributionOptions): void;
}

/** The module's exports; arguments as in contribution.asm.ts. */
export interface ContributionExports {
  readerWeights(...integers: number[]): void;
  addContributions(...integers: number[]): void;
}

export function contributionKernels(module: ContributionExports, memory: WasmMemory): ContributionKernels {
  return {
    readerWeights(options) {
      const { z, to } = options;
      eachImage(memory, options, { z, to }, module.readerWeights);
    },
    addContributions(options) {
      const { u, read, to } = options;
      eachImage(memory, options, { u, read, to }, module.addContributions);
    },
  };
}

function eachImage(
  memory: WasmMemory,
  { batch, length, channels, delta, deltaBias }: Omit<ReaderWeightOptions, 'z' | 'to'>,
  others: Readonly<Record<string, Rows>>,
  kernel: (...integers: number[]) => void,
): void {
  for (const [name, count] of Object.entries({ batch, length, channels })) checkCount(name, count);
  for (const [name, rows] of Object.entries({ delta, ...others })) {
    checkRows(memory, name, rows, batch, length, channels);
  }
  checkVector(memory, 'deltaBias', deltaBias, channels);
  for (let image = 0; image < batch; image++) {
    const place = (rows: Rows) => [rowAddress(rows, image, 0, length), 4 * rows.stride];
    kernel(length, channels, ...place(delta), deltaBias, ...Object.values(others).flatMap(place));
  }
}
