/**
 * The compute roof: how many floating-point operations a second ONNX Runtime reaches in one large matrix product,
 * [1024, 4096] x [4096, 1024]: large enough for its kernels to be at their best, small enough to take a tenth of
 * a second. It is the floor of a model without blocks, whose patch projection is that product; what else the
 * model does is under a thousandth of the work.
 */
import { densePlan, vimSpec } from '@vssm/families';
import { loadFloor } from './floor.ts';

const side = 32;
const patchSize = 64;
const spec = vimSpec({
  imageHeight: side * patchSize,
  imageWidth: side * patchSize,
  inChannels: 1,
  patchSize,
  stride: patchSize,
  width: 1024,
  depth: 0,
  classes: 1,
});

/** Operations of one run, 2 per multiply-add. */
export const largeProductFlops = 2 * side ** 2 * patchSize ** 2 * spec.width;

export interface LargeProduct {
  run(): Promise<void>;
  dispose(): Promise<void>;
}

export async function loadLargeProduct(threads: number): Promise<LargeProduct> {
  const floor = await loadFloor(spec, densePlan, threads);
  return { run: () => floor.run(1), dispose: () => floor.dispose() };
}
