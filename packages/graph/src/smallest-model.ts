/** One product of two values: enough to learn whether a device answers. */
import { GraphBuilder } from './onnx/builder.ts';

/** @returns the encoded ONNX model */
export function smallestModel(): Uint8Array {
  const g = new GraphBuilder('smallest');
  const weight = g.weight('weight', [2, 1], Float32Array.of(1, 1));
  g.op('MatMul', [g.input('x', 'F32', ['rows', 2]), weight], { name: 'y' });
  g.output('y', 'F32', ['rows', 1]);
  return g.model();
}
