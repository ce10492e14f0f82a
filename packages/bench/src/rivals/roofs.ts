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

/** With one thread, and with all where they are more. */
export async function measureRoofs(threads: number, { copyBytes, runs } = usual): Promise<Roof[]> {
  const roofs: Roof[] = [];
  for (const count of new Set([1, threads])) {
    roofs.push({
      threads: count,
      gflopsPerSecond: await productRate(count, runs),
      gigabytesPerSecond: await copyRate(count, copyBytes, runs),
    });
  }
  return roofs;
}

async function productRate(threads: number, runs: number): Promise<number> {
  const product = await loadLargeProduct(threads);
  try {
    await product.run();
    const times: number[] = [];
    for (let run = 0; run < runs; run++) {
      const started = performance.now();
      await product.run();
      times.push(performance.now() - started);
    }
    return largeProductFlops / median(times) / 1e6;
  } finally {
    await product.dispose();
  }
}

/** The threads start together; the slowest of each turn counts. */
async function copyRate(threads: number, copyBytes: number, runs: number): Promise<number> {
  const module = new URL('./copy-worker.ts', import.meta.url);
  const links = await startLinks<'copy', number>(threads, module, { bytes: copyBytes });
  try {
    const times: number[] = [];
    for (let run = 0; run < runs; run++) {
      times.push(Math.max(...(await Promise.all(links.map((link) => link.ask('copy'))))));
    }
    return (2 * copyBytes * threads) / median(times) / 1e6;
  } finally {
    await Promise.all(links.map((link) => link.kill()));
  }
}
