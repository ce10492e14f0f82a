/** The sum of two values, by a product: enough to learn whether a device answers, and in which precision. */
import type { Precision } from './choices.ts';
import { weightProduct } from './common/layers.ts';
import { GraphBuilder } from './onnx/builder.ts';

/** `x` [rows, 2] → `y` [rows, 1]. @returns the encoded ONNX model */
export function smallestModel(precision: Precision = 'f32'): Uint8Array {
  const g = new GraphBuilder('smallest');
  const weight = g.weight('weight', [2, 1], Float32Array.of(1, 1), precision);
  const sum = weightProduct(g, g.input('x', 'F32', ['rows', 2]), weight, precision);
  g.op('Identity', [sum], { name: 'y' });
  g.output('y', 'F32', ['rows', 1]);
  return g.model();
}
