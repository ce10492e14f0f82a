/**
 * Random weights of a detector or segmenter, for speed and parity runs where no checkpoint is at hand. The backbone's blocks
 * get the classifier's random weights; convolutions and linear layers of the heads keep the variance of what they
 * pass on (He et al. 2015), so that scores spread and every stage has something to do. They carry no accuracy.
 */
import { float32, sizeOf, splitmix64, type Tensor, uniformNumbers, type Weights } from '@vssm/core';
import { patchGrid, randomWeights } from '@vssm/families';
import { visionTensors } from './parameters.ts';
import { ropeTables } from './reference/rope.ts';
import type { VisionSpec } from './spec.ts';

/** Every tensor that a checkpoint has, by upstream's names, float32; the same seed gives the same weights. */
export function randomVisionWeights(spec: VisionSpec, seed = 0): Weights {
  const backbone = randomWeights(spec.backbone.spec, seed);
  const prefix = spec.backbone.spec.family === 'vim' ? 'backbone.' : '';
  const blocks = new Map(
    [...backbone]
      .filter(([name]) => /(^|\.)layers\./.test(name))
      .map(([name, tensor]) => [prefix + name, tensor]),
  );
  const weights = new Map<string, Tensor<Float32Array>>();
  let stream = splitmix64(BigInt(seed));
  for (const [name, shape] of visionTensors(spec)) {
    stream = splitmix64(stream);
    const uniform = uniformNumbers(Number(stream & 0xffffffffn));
    weights.set(name, blocks.get(name) ?? float32(shape, headTensor(spec, name, shape, uniform)));
  }
  return weights;
}

function headTensor(
  spec: VisionSpec,
  name: string,
  shape: readonly number[],
  uniform: () => number,
): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  if (name.includes('.rope.')) return ropeTable(spec, name);
  if (name.endsWith('.running_mean')) return values;
  const isNorm = shape.length === 1 && name.endsWith('.weight');
  if (isNorm || name.endsWith('.running_var')) return values.fill(1);
  // Upstream starts the injectors at zero, which would leave them without effect.
  if (name.endsWith('.gamma')) return values.fill(0.1);
  if (shape.length === 1 || /(pos|level)_embed$/.test(name))
    return values.map(() => 0.04 * (uniform() - 0.5));
  const bound = Math.sqrt(6 / sizeOf(shape.slice(1)));
  return values.map(() => bound * (2 * uniform() - 1));
}

function ropeTable({ backbone }: VisionSpec, name: string): Float32Array {
  const { spec } = backbone;
  if (spec.family !== 'vim') throw new Error(`${name}: only a Vim has rope`);
  const { cos, sin } = ropeTables(patchGrid(spec).height, spec.width);
  return name.endsWith('cos') ? cos : sin;
}
