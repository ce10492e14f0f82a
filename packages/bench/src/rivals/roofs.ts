/**
 * What the machine can do at best: operations a second in one large matrix product of ONNX Runtime, and bytes a
 * second in copying one large typed array into another (`Float32Array.set`, 256 MiB, far beyond any cache; every
 * byte counts twice, once read and once written). With several threads each copies arrays of its own.
 */
import { largeProductFlops, loadLargeProduct, startLinks } from '@vssm/backend-cpu';
import type { ProfileRecord } from '@vssm/results';
import { median } from '@vssm/results/statistics';

export type Roof = ProfileRecord['roofs'][number];

const usual = { copyBytes: 256 * 2 ** 20, runs: 7 };

/** Times of all runs, ms. */
export interface RoofTimes {
  product(threads: number, runs: number): Promise<readonly number[]>;
  copy(threads: number, bytes: number, runs: number): Promise<readonly number[]>;
}

/** With one thread, and with all where they are more. The middle of all runs counts. */
export async function measureRoofs(
  threads: number,
  { copyBytes, runs } = usual,
  times: RoofTimes = { product: productTimes, copy: copyTimes },
): Promise<Roof[]> {
  const roofs: Roof[] = [];
  for (const count of new Set([1, threads])) {
    const product = median([...(await times.product(count, runs))]);
    const copy = median([...(await times.copy(count, copyBytes, runs))]);
    roofs.push({
      threads: count,
      gflopsPerSecond: largeProductFlops / product / 1e6,
      gigabytesPerSecond: (2 * copyBytes * count) / copy / 1e6,
    });
  }
  return roofs;
}

/** After one run that warms up. */
async function productTimes(threads: number, runs: number): Promise<number[]> {
  const product = await loadLargeProduct(threads);
  try {
    await product.run();
    const times: number[] = [];
    for (let run = 0; run < runs; run++) {
      const started = performance.now();
      await product.run();
      times.push(performance.now() - started);
    }
    return times;
  } finally {
    await product.dispose();
  }
}

/** The threads start together; the slowest of each turn counts. */
async function copyTimes(threads: number, bytes: number, runs: number): Promise<number[]> {
  const module = new URL('./copy-worker.ts', import.meta.url);
  const links = await startLinks<'copy', number>(threads, module, { bytes });
  try {
    const times: number[] = [];
    for (let run = 0; run < runs; run++) {
      times.push(Math.max(...(await Promise.all(links.map((link) => link.ask('copy'))))));
    }
    return times;
  } finally {
    await Promise.all(links.map((link) => link.kill()));
  }
}
