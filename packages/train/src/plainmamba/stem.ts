/** PlainMamba's stem as a trace: convolutions as matrix products over windows, BatchNorm by the micro-batch's own values. */
import { type PlainMambaSpec, plainMambaGrid, stemSize } from '@vssm/families';
import type { Trace, Value } from '../autodiff/trace.ts';
import { neighbourhoods, normedRelu, padded1, part, tapsFirst } from '../maps.ts';
import { windowSizeOf } from './windows.ts';

/** Names in the trace of a convolution of the stem, 0 its first, and of what belongs to it. */
export function stemNames(conv: number) {
  const own = (part: string) => `stem${conv}_${part}`;
  return {
    weight: own('weight'),
    scale: own('scale'),
    offset: own('offset'),
    mean: own('mean'),
    variance: own('variance'),
  };
}

/** patches, weights → [B · cells, d]; the statistics become outputs. */
export function stem(g: Trace, spec: PlainMambaSpec, batch: number): Value {
  const { stemWidth: S, width: d } = spec;
  const { height, width } = stemSize(spec);
  const rows = batch * height * width;
  const patches = g.input('patches', [rows, windowSizeOf(spec)]);
  const weight = g.input(stemNames(0).weight, [S, windowSizeOf(spec)]);
  let map = normedRelu(g, stemNames(0), g.gemm(patches, weight, { transB: true }));
  for (let conv = 1; conv <= spec.stemConvs; conv++) {
    const windows = neighbourhoods(g, g.reshape(map, [batch, height, width, S]));
    map = normedRelu(
      g,
      stemNames(conv),
      g.gemm(windows, tapsFirst(g, stemNames(conv).weight, S, S, 9), { transB: true }),
    );
  }
  const side = spec.patchSize / 2;
  const cells = cellsOf(g, spec, g.reshape(map, [batch, height, width, S]));
  const projection = tapsFirst(g, 'projection_weight', d, S, side * side);
  return g.add(g.gemm(cells, projection, { transB: true }), g.input('projection_bias', [d]));
}

/** [B, H, W, C] → what the projection sees of each grid cell, zeros below and to the right, [B · cells, k · k · C] */
function cellsOf(g: Trace, spec: PlainMambaSpec, map: Value): Value {
  const side = spec.patchSize / 2;
  const [batch, height, width, channels] = map.shape;
  const grid = plainMambaGrid(spec);
  const whole = padded1(
    g,
    padded1(g, map, 1, 0, grid.height * side - height),
    2,
    0,
    grid.width * side - width,
  );
  const rows = batch * grid.height * grid.width;
  if (side === 1) return g.reshape(whole, [rows, channels]);
  const apart = g.reshape(whole, [batch, grid.height, side, grid.width, side, channels]);
  const offsets = Array.from({ length: side }, (_, offset) => offset);
  const taps = offsets.flatMap((down) => {
    const line = part(g, apart, 2, down, 1);
    return offsets.map((right) => part(g, line, 4, right, 1));
  });
  return g.reshape(g.concat(taps, 5), [rows, side * side * channels]);
}
