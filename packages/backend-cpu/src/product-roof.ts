/**
 * The compute roof: how many floating-point operations a second ONNX Runtime reaches in one large matrix product,
 * [1024, 4096] x [4096, 1024]: large enough for its kernels to be at their best, small enough to take a tenth of
 * a second.
 */
import { GraphBuilder } from '@vssm/graph';
import { createSession, onnxRuntime } from './ort.ts';

const rows = 1024;
const inner = 4096;
const columns = 1024;

/** Operations of one run, 2 per multiply-add. */
export const largeProductFlops = 2 * rows * inner * columns;

export interface LargeProduct {
  run(): Promise<void>;
  dispose(): Promise<void>;
}

/** Opens the product on numbers that are not zero. @param threads inside the operator */
export async function loadLargeProduct(threads: number): Promise<LargeProduct> {
  const { Tensor } = await onnxRuntime();
  const session = await createSession(product(), threads);
  const left = new Tensor(
    'float32',
    Float32Array.from({ length: rows * inner }, (_, i) => Math.sin(i)),
    [rows, inner],
  );
  return {
    async run() {
      await session.run({ left });
    },
    dispose: () => session.release(),
  };
}

function product(): Uint8Array {
  const g = new GraphBuilder('large_product');
  const weight = Float32Array.from({ length: inner * columns }, (_, i) => Math.cos(i) / Math.sqrt(inner));
  g.op('MatMul', [g.input('left', 'F32', [rows, inner]), g.weight('right', [inner, columns], weight)], {
    name: 'product',
  });
  g.output('product', 'F32', [rows, columns]);
  return g.model();
}
