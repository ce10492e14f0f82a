/**
 * Random tensors of given names and shapes, for speed and parity runs where no checkpoint is at hand. They follow the
 * scale of Mamba's initialisation (A = -(1 … N), Δ between 0.001 and 0.1), so that states neither die nor
 * explode; they carry no accuracy, and everything made with them says so.
 */
import { splitmix64 } from './pruning/random.ts';
import { float32, sizeOf, type Tensor, type Weights } from './tensor.ts';

/**
 * Float32 tensors of these names and shapes. The same seed and the same shapes in the same order give the same
 * numbers.
 */
export function randomTensors(shapes: ReadonlyMap<string, readonly number[]>, seed = 0): Weights {
  const weights = new Map<string, Tensor<Float32Array>>();
  let stream = splitmix64(BigInt(seed));
  for (const [name, shape] of shapes) {
    stream = splitmix64(stream);
    const uniform = uniformNumbers(Number(stream & 0xffffffffn));
    weights.set(name, float32(shape, parameter(name, shape, uniform)));
  }
  return weights;
}

function parameter(name: string, shape: readonly number[], uniform: () => number): Float32Array {
  const values = new Float32Array(sizeOf(shape));
  const fanIn = sizeOf(shape.slice(1));
  if (/\.A(_b)?_log$/.test(name)) return values.map((_, i) => Math.log(1 + (i % shape[1])));
  const isNorm = shape.length === 1 && name.endsWith('.weight');
  if (isNorm || /\.(D|D_b|running_var)$/.test(name)) return values.fill(1);
  if (name.endsWith('.running_mean')) return values;
  if (/dt_proj(_b)?\.bias$/.test(name)) {
    return values.map(() => {
      const delta = Math.exp(Math.log(0.001) + uniform() * (Math.log(0.1) - Math.log(0.001)));
      return delta + Math.log(-Math.expm1(-delta));
    });
  }
  if (/(^|\.)(cls_token|pos_embed|direction_Bs)$/.test(name))
    return values.map(() => 0.04 * (uniform() - 0.5));
  const bound = 1 / Math.sqrt(shape.length > 1 ? fanIn : shape[0]);
  return values.map(() => bound * (2 * uniform() - 1));
}

/** mulberry32: a small generator of uniform numbers in [0, 1). */
export function uniformNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
