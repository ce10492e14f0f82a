/** The sum of two values, by a product: enough to learn whether a device answers, and in which precision. */
import { float32 } from '@vssm/core';
import type { Precision } from './choices.ts';
import { mixerProduct } from './common/layers.ts';
import { Parameters } from './common/parameters.ts';
import { GraphBuilder } from './onnx/builder.ts';

/** `x` [rows, 2] → `y` [rows, 1]. @returns the encoded ONNX model */
export function smallestModel(precision: Precision = 'f32'): Uint8Array {
  const g = new GraphBuilder('smallest');
  const ones = float32([1, 2], Float32Array.of(1, 1));
  const parameters = new Parameters(g, new Map([['weight', ones]]), precision);
  const sum = mixerProduct(g, parameters, g.input('x', 'F32', ['rows', 2]), 'weight');
  g.op('Identity', [sum], { name: 'y' });
  g.output('y', 'F32', ['rows', 1]);
  return g.model();
}
