/** PlainMamba's stem, projection and position embedding in float64, forward and backward, of a whole micro-batch. */
import { type PlainMambaSpec, plainMambaGrid, stemConvNames, stemSize } from '@vssm/families';
import type { Gradients64, Parameters64, Pullback } from '../reference/gradients.ts';
import { add, batchNorm, linear, type WindowShape, windows } from '../reference/layers.ts';
import { windowSizeOf, windowsOf } from './windows.ts';

export interface ReferenceStem {
  /** [L0, d] each */
  readonly tokens: readonly Float64Array[];
  /** By the buffers' names. */
  readonly statistics: ReadonlyMap<string, Float64Array>;
  /** Collects the parameters' gradients. */
  pullback(dTokens: readonly Float64Array[]): void;
}

export function referenceStem(
  spec: PlainMambaSpec,
  parameters: Parameters64,
  images: readonly ArrayLike<number>[],
  gradients: Gradients64,
): ReferenceStem {
  const { width: d, stemWidth: S } = spec;
  const own = (name: string) => parameters.get(name)!;
  const { height, width } = stemSize(spec);
  const grid = plainMambaGrid(spec);
  const cells = grid.height * grid.width;
  const side = spec.patchSize / 2;
  const prefix = 'backbone.patch_embed';
  const statistics = new Map<string, Float64Array>();
  const pullbacks: Pullback[] = [];

  /** A product over rows, BatchNorm and ReLU. */
  const normedProduct = (x: Float64Array, weight: string, norm: string, inputs: number): Float64Array => {
    const product = linear(x, own(`${weight}.weight`), inputs, S);
    const normed = batchNorm(product.y, own(`${norm}.weight`), own(`${norm}.bias`), 1e-5);
    statistics.set(`${norm}.running_mean`, normed.mean);
    statistics.set(`${norm}.running_var`, normed.unbiasedVariance);
    pullbacks.push((dMap) => {
      const back = normed.pullback(dMap.map((slope, i) => (normed.y[i] > 0 ? slope : 0)));
      gradients.collect(`${norm}.weight`, back.weight);
      gradients.collect(`${norm}.bias`, back.bias);
      const through = product.pullback(back.x);
      gradients.collect(`${weight}.weight`, through.weight);
      return through.x;
    });
    return normed.y.map((value) => Math.max(value, 0));
  };
  const unfolded = (x: Float64Array, shape: WindowShape): Float64Array => {
    const { y, pullback } = windows(x, shape);
    pullbacks.push(pullback);
    return y;
  };

  const patches = Float64Array.from(images.flatMap((image) => [...windowsOf(spec, image)]));
  let map = normedProduct(patches, `${prefix}.stem.0`, `${prefix}.stem.1`, windowSizeOf(spec));
  const stemMap = { images: images.length, height, width, channels: S };
  for (let conv = 0; conv < spec.stemConvs; conv++) {
    const { weight, batchNorm: norm } = stemConvNames(conv);
    const around = unfolded(map, {
      ...stemMap,
      kernel: 3,
      stride: 1,
      padding: 1,
      rows: height,
      columns: width,
    });
    map = normedProduct(around, weight, norm, 9 * S);
  }
  const shape = {
    ...stemMap,
    kernel: side,
    stride: side,
    padding: 0,
    rows: grid.height,
    columns: grid.width,
  };
  const projection = linear(unfolded(map, shape), own(`${prefix}.projection.weight`), side * side * S, d, {
    bias: own(`${prefix}.projection.bias`),
  });
  const position = own('backbone.pos_embed');
  return {
    tokens: images.map((_, i) => add(projection.y.slice(i * cells * d, (i + 1) * cells * d), position)),
    statistics,
    pullback(dTokens) {
      for (const one of dTokens) gradients.collect('backbone.pos_embed', one);
      const { x, weight, bias } = projection.pullback(Float64Array.from(dTokens.flatMap((one) => [...one])));
      gradients.collect(`${prefix}.projection.weight`, weight);
      gradients.collect(`${prefix}.projection.bias`, bias);
      let dMap = x;
      for (const pullback of pullbacks.toReversed()) dMap = pullback(dMap);
    },
  };
}
