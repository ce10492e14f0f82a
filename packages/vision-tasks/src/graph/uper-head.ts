/**
 * UperNet behind its backbone: the taps' norms (PlainMamba) or the neck (Vim), UPerHead, class logits at the size of
 * the finest map. One stage serves every size and batch.
 */
import type { Weights } from '@vssm/core';
import { patchGrid, plainMambaGrid } from '@vssm/families';
import { layerNorm, segment, type Value } from '@vssm/graph';
import type { PlainMambaTapsSpec, UperNetSpec, VimTapsSpec } from '../model/spec.ts';
import {
  batchNorm,
  conv,
  convModule,
  deconv2x2,
  mapAxes,
  mapOfTokens,
  relu,
  resize,
  type Stage,
  sizeOfMap,
} from './convs.ts';
import { visionNames } from './names.ts';

/** A feature map; maps of one scale have one size. */
interface Level {
  readonly map: Value;
  /** Its size over that of the backbone's grid. */
  readonly scale: number;
}

/** tap0 … tap3, grid, pooling → logits */
export function uperHeadStage(spec: UperNetSpec, weights: Weights): Uint8Array {
  const stage = segment('uper_head', weights);
  const { backbone } = spec;
  const levels =
    backbone.family === 'plainmamba' ? plainMambaLevels(stage, backbone) : vimLevels(stage, backbone);
  const logits = uperHead(stage, spec, levels);
  stage.g.op('Identity', [logits], { name: visionNames.logits });
  stage.g.output(visionNames.logits, 'F32', mapAxes('logits', spec.head.classes));
  return stage.g.model();
}

/** The inputs beside the taps that go with the size of a spec. */
export function uperHeadInputs({ backbone, head }: UperNetSpec): {
  /** Height and width of the taps. */
  readonly grid: readonly [number, number];
  readonly pooling: { readonly data: Float32Array; readonly shape: readonly [number, number] };
} {
  const { height, width } =
    backbone.family === 'plainmamba' ? plainMambaGrid(backbone.spec) : patchGrid(backbone.spec);
  const scale = backbone.family === 'plainmamba' ? 1 : coarsestScale(backbone);
  const top = { height: Math.floor(height * scale), width: Math.floor(width * scale) };
  return { grid: [height, width], pooling: poolingMatrix(top, head.poolScales) };
}

/** The last of the neck's maps. */
function coarsestScale({ spec }: VimTapsSpec): number {
  return spec.patchSize === 8 ? 1 / 4 : 1 / 2;
}

function tapMaps(
  stage: Stage,
  backbone: PlainMambaTapsSpec | VimTapsSpec,
  norm: (tokens: Value, block: number) => Value = identity,
): Value[] {
  const { width: d } = backbone.spec;
  const grid = stage.g.input(visionNames.grid, 'I64', [2]);
  return backbone.taps.map((block, i) => {
    const tokens = stage.g.input(visionNames.tap(i), 'F32', ['batch', 'cells', d]);
    return mapOfTokens(stage, norm(tokens, block), d, grid);
  });
}

function identity(tokens: Value): Value {
  return tokens;
}

function plainMambaLevels(stage: Stage, backbone: PlainMambaTapsSpec): Level[] {
  const last = backbone.spec.depth - 1;
  const maps = tapMaps(stage, backbone, (tokens, layer) => {
    const norm = layer === last ? 'backbone.ln1' : `backbone.norm_layer${layer}`;
    return layerNorm(stage.g, stage.parameters, tokens, norm, 1e-6);
  });
  return maps.map((map) => ({ map, scale: 1 }));
}

/** Vim's neck: strides 4, 8, 16 and 32 from four taps of stride 16 (or 8). */
function vimLevels(stage: Stage, backbone: VimTapsSpec): Level[] {
  const { g } = stage;
  const [first, second, third, fourth] = tapMaps(stage, backbone);
  const pool = (map: Value, side: number): Level => ({
    map: g.op('MaxPool', [map], { attributes: { kernel_shape: [side, side], strides: [side, side] } }),
    scale: 1 / side,
  });
  if (backbone.spec.patchSize === 8) {
    return [
      { map: deconv2x2(stage, 'backbone.fpn1.0', first), scale: 2 },
      { map: second, scale: 1 },
      pool(third, 2),
      pool(fourth, 4),
    ];
  }
  const doubled = batchNorm(stage, 'backbone.fpn1.1', deconv2x2(stage, 'backbone.fpn1.0', first));
  return [
    { map: deconv2x2(stage, 'backbone.fpn1.3', g.op('Gelu', [doubled])), scale: 4 },
    { map: deconv2x2(stage, 'backbone.fpn2.0', second), scale: 2 },
    { map: third, scale: 1 },
    pool(fourth, 2),
  ];
}

function uperHead(stage: Stage, { head, backbone }: UperNetSpec, levels: readonly Level[]): Value {
  const { g } = stage;
  const block = (name: string, x: Value) => relu(stage, convModule(stage, `decode_head.${name}`, x));
  const resized = (from: Level, to: Level): Value =>
    from.scale === to.scale ? from.map : resize(stage, from.map, 'bilinear', sizeOfMap(stage, to.map));

  const top = levels.at(-1)!;
  const topSize = sizeOfMap(stage, top.map);
  const pooled = poolAll(stage, top.map, backbone.spec.width, head.poolScales).map((map, i) =>
    resize(stage, block(`psp_modules.${i}.1`, map), 'bilinear', topSize),
  );
  const laterals: Level[] = [
    ...levels.slice(0, -1).map((level, i) => ({ ...level, map: block(`lateral_convs.${i}`, level.map) })),
    { ...top, map: block('bottleneck', g.op('Concat', [top.map, ...pooled], { attributes: { axis: 1 } })) },
  ];
  for (let i = laterals.length - 1; i > 0; i--) {
    const finer = laterals[i - 1];
    laterals[i - 1] = { ...finer, map: g.op('Add', [finer.map, resized(laterals[i], finer)]) };
  }
  const outputs = laterals.map((level, i) =>
    i === laterals.length - 1 ? level : { ...level, map: block(`fpn_convs.${i}`, level.map) },
  );
  const aligned = outputs.map((level) => resized(level, outputs[0]));
  const fused = block('fpn_bottleneck', g.op('Concat', aligned, { attributes: { axis: 1 } }));
  return conv(stage, 'decode_head.conv_seg', fused);
}

/** Adaptive average pooling to every scale, as one product with the matrix of all bins. */
function poolAll({ g }: Stage, map: Value, channels: number, scales: readonly number[]): Value[] {
  const sizes = scales.map((side) => side ** 2);
  const bins = sizes.reduce((sum, size) => sum + size, 0);
  const matrix = g.input(visionNames.pooling, 'F32', ['top_cells', bins]);
  const flat = g.op('Reshape', [map, g.ints([0, channels, -1])]);
  const parts = g.ops('Split', [g.op('MatMul', [flat, matrix]), g.ints(sizes)], scales.length, {
    attributes: { axis: 2 },
  });
  return parts.map((part, i) => g.op('Reshape', [part, g.ints([0, channels, scales[i], scales[i]])]));
}

/** The share that each cell has in each bin of each scale, [cells, bins]. */
function poolingMatrix({ height, width }: { height: number; width: number }, scales: readonly number[]) {
  const bins = scales.flatMap((side) => poolingBins(height, width, side));
  const data = new Float32Array(height * width * bins.length);
  for (const [bin, { top, bottom, left, right }] of bins.entries()) {
    const share = 1 / ((bottom - top) * (right - left));
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        data[(row * width + column) * bins.length + bin] = share;
      }
    }
  }
  return { data, shape: [height * width, bins.length] as const };
}

/** Bins floor(i·in/out) … ceil((i + 1)·in/out) of both axes, row by row. */
function poolingBins(height: number, width: number, side: number) {
  const bins = (size: number) =>
    Array.from({ length: side }, (_, i): [number, number] => [
      Math.floor((i * size) / side),
      Math.ceil(((i + 1) * size) / side),
    ]);
  return bins(height).flatMap(([top, bottom]) =>
    bins(width).map(([left, right]) => ({ top, bottom, left, right })),
  );
}
