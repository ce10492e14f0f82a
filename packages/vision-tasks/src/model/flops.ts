/**
 * FLOPs of one image through a whole detector or segmenter, part by part, at the input size of its spec. The
 * backbone's blocks are charged as the classifier's (core/flops), by the number of tokens that enter them. Heads on
 * regions are charged for as many regions as the test configuration lets through (1000 proposals, 100 masks).
 * Resizing logits to the image, NMS and mask pasting are not counted.
 */
import { type FlopsProfile, keptCount, type PruningPlan, pruningFlops } from '@vssm/core';
import {
  checkPlan,
  densePlan,
  modelFlops,
  type PlainMambaSpec,
  patchGrid,
  plainMambaGrid,
  type VimSpec,
} from '@vssm/families';
import { Cost } from './flops-layers.ts';
import { feedForwardWidth } from './parameters.ts';
import { pyramidGrids } from './reference/adapter.ts';
import type { Level } from './reference/attention.ts';
import { anchorsPerCell } from './reference/detection-heads.ts';
import {
  type AdapterSpec,
  boxRoiSize,
  type DetectorSpec,
  extraExtractors,
  type MaskRcnnSpec,
  maskRoiSize,
  pyramidLevels,
  retinaStackedConvs,
  roiHeadConvs,
  roiLevels,
  type UperNetSpec,
  type VimTapsSpec,
  type VisionSpec,
} from './spec.ts';

export type VisionFlopsPart =
  | 'embed'
  | 'layers'
  | 'pruning'
  | 'spatial prior'
  | 'injectors'
  | 'extractors'
  | 'maps'
  | 'pyramid'
  | 'anchors'
  | 'boxes'
  | 'masks'
  | 'head';

export interface VisionFlops {
  readonly profile: FlopsProfile;
  /** Operations as the profile counts them; divide by 1e9 for GFLOPs. */
  readonly total: number;
  readonly parts: ReadonlyMap<VisionFlopsPart, number>;
  /** Live tokens of the backbone: at first, then after each pruning step. */
  readonly tokens: readonly number[];
}

/** @throws UserError where the plan does not fit the model */
export function visionFlops(spec: VisionSpec, plan: PruningPlan, profile: FlopsProfile): VisionFlops {
  const backbone = spec.backbone.spec;
  checkPlan(backbone, plan);
  const counts = tokenCountsOf(backbone, plan);
  const parts = new Map<VisionFlopsPart, number>(backboneParts(backbone, plan, profile, counts));
  const part = (name: VisionFlopsPart, charge: (cost: Cost) => void) => {
    const cost = new Cost(profile);
    charge(cost);
    parts.set(name, cost.total);
  };
  if (spec.kind === 'upernet') {
    part('head', (cost) => chargeUperNet(cost, spec));
  } else {
    const masked = plan.alignment === 'mask';
    const entering = spec.backbone.interactions.map(([first]) =>
      masked ? counts.atLayer[0] : counts.atLayer[first],
    );
    part('spatial prior', (cost) => chargeSpatialPrior(cost, spec.backbone));
    part('injectors', (cost) => chargeInjectors(cost, spec.backbone, entering));
    part('extractors', (cost) => chargeExtractors(cost, spec.backbone));
    part('maps', (cost) => chargeMaps(cost, spec.backbone));
    part('pyramid', (cost) => chargePyramid(cost, spec));
    part('anchors', (cost) => chargeAnchors(cost, spec));
    if (spec.kind === 'maskrcnn') {
      part('boxes', (cost) => chargeBoxes(cost, spec));
      part('masks', (cost) => chargeMasks(cost, spec));
    }
  }
  const total = [...parts.values()].reduce((sum, value) => sum + value, 0);
  return { profile, total, parts, tokens: counts.afterSteps };
}

interface TokenCounts {
  readonly afterSteps: readonly number[];
  /** Live tokens that enter each layer. */
  readonly atLayer: readonly number[];
}

/** No class token in either family: k = ceil(L·keep). */
function tokenCountsOf(spec: PlainMambaSpec | VimSpec, plan: PruningPlan): TokenCounts {
  const { height, width } = spec.family === 'vim' ? patchGrid(spec) : plainMambaGrid(spec);
  const afterSteps = [height * width];
  for (const { keep } of plan.schedule) afterSteps.push(keptCount(afterSteps.at(-1)!, keep, 'every-token'));
  const atLayer = Array.from(
    { length: spec.depth },
    (_, layer) => afterSteps[plan.schedule.filter(({ after }) => after <= layer).length],
  );
  return { afterSteps, atLayer };
}

function backboneParts(
  spec: PlainMambaSpec | VimSpec,
  plan: PruningPlan,
  profile: FlopsProfile,
  counts: TokenCounts,
): [VisionFlopsPart, number][] {
  if (spec.family === 'plainmamba') {
    const { patchEmbed, blocks } = modelFlops(spec, plan, profile);
    const sum = (key: 'block' | 'pruning') => blocks.reduce((total, entry) => total + entry[key], 0);
    return [
      ['embed', patchEmbed],
      ['layers', sum('block')],
      ['pruning', sum('pruning')],
    ];
  }
  const full = counts.afterSteps[0];
  const masked = plan.alignment === 'mask';
  const widths = { ...spec, projectionSets: 2, directions: 2, protectedTokens: 0 };
  let layers = 0;
  let pruning = 0;
  for (const [block, live] of counts.atLayer.entries()) {
    const length = masked ? full : live;
    layers += vimBlock(spec, length, block === 0, profile);
    if (plan.alignment === 'decay' && live < full) {
      const gone = full - live;
      layers +=
        profile === 'paper' ? 2 * spec.innerWidth * spec.stateSize * gone : 4 * live * spec.innerWidth;
    }
    if (plan.schedule.some(({ after }) => after === block + 1)) {
      const after = counts.atLayer[block + 1] ?? counts.afterSteps.at(-1)!;
      const lengths = { length, moved: masked ? full : after, leaving: live - after };
      pruning += pruningFlops(profile, widths, plan, lengths, 2);
    }
  }
  const patches = full * spec.inChannels * spec.patchSize ** 2 * spec.width;
  return [
    ['embed', profile === 'paper' ? patches : 2 * patches + 2 * full * spec.width],
    ['layers', layers],
    ['pruning', pruning],
  ];
}

/** A block of the classifier at a sequence of `length`, its class token counted among them. */
function vimBlock(spec: VimSpec, length: number, first: boolean, profile: FlopsProfile): number {
  const line = {
    ...spec,
    depth: 2,
    imageHeight: spec.patchSize,
    imageWidth: (length - 2) * spec.stride + spec.patchSize,
  };
  return modelFlops(line, densePlan, profile).blocks[first ? 0 : 1].block;
}

/** Taps' norms or neck, then UPerHead. */
function chargeUperNet(cost: Cost, { backbone, head }: UperNetSpec): void {
  const d = backbone.spec.width;
  const sizes = backbone.family === 'vim' ? chargeNeck(cost, backbone) : tapSizes(cost, backbone.spec);
  const { channels, classes, poolScales } = head;
  const block = (pixels: number, inputs: number, taps: number) => {
    cost.normedConv(pixels, inputs, channels, taps);
    cost.elementwise(pixels * channels);
  };
  const top = sizes.at(-1)!;
  for (const side of poolScales) {
    cost.operations(top * d);
    block(side ** 2, d, 1);
    cost.bilinear(top * channels);
  }
  block(top, d + poolScales.length * channels, 9);
  for (const [level, pixels] of sizes.slice(0, -1).entries()) {
    block(pixels, d, 1);
    if (sizes[level + 1] !== pixels) cost.bilinear(pixels * channels);
    cost.elementwise(pixels * channels);
    block(pixels, channels, 9);
  }
  const [finest] = sizes;
  for (const pixels of sizes) if (pixels !== finest) cost.bilinear(finest * channels);
  block(finest, sizes.length * channels, 9);
  cost.conv(finest, channels, classes, 1);
}

/** @returns pixels of every tap */
function tapSizes(cost: Cost, spec: PlainMambaSpec): number[] {
  const { height, width } = plainMambaGrid(spec);
  cost.layerNorm(4 * height * width * spec.width);
  return Array(4).fill(height * width);
}

function chargeNeck(cost: Cost, { spec }: VimTapsSpec): number[] {
  const { height, width } = patchGrid(spec);
  const cells = height * width;
  const d = spec.width;
  const deconv = (pixels: number) => cost.conv(4 * pixels, d, d, 1);
  deconv(cells);
  if (spec.patchSize === 8) {
    cost.operations(2 * cells * d);
    return [4 * cells, cells, ...[2, 4].map((by) => Math.floor(height / by) * Math.floor(width / by))];
  }
  cost.batchNorm(4 * cells * d);
  cost.elementwise(4 * cells * d);
  deconv(4 * cells);
  deconv(cells);
  cost.operations(cells * d);
  return [16 * cells, 4 * cells, cells, Math.floor(height / 2) * Math.floor(width / 2)];
}

const pixelsOf = ({ height, width }: Level): number => height * width;

function chargeSpatialPrior(cost: Cost, { spec, stemWidth: n }: AdapterSpec): void {
  const image = spec.imageHeight * spec.imageWidth;
  const block = (stride: number, inputs: number, outputs: number) => {
    cost.normedConv(image / stride ** 2, inputs, outputs, 9);
    cost.elementwise((image / stride ** 2) * outputs);
  };
  block(2, spec.inChannels, n);
  block(2, n, n);
  block(2, n, n);
  cost.operations(9 * (image / 16) * n);
  block(8, n, 2 * n);
  block(16, 2 * n, 4 * n);
  block(32, 4 * n, 4 * n);
  for (const [stride, inputs] of [
    [4, n],
    [8, 2 * n],
    [16, 4 * n],
    [32, 4 * n],
  ]) {
    cost.linear(image / stride ** 2, inputs, spec.width);
  }
}

/** Norms, projections, sampling and the output projection of one deformable attention. */
function chargeAttention(cost: Cost, adapter: AdapterSpec, queries: number, levels: readonly Level[]): void {
  const { spec, heads, points } = adapter;
  const d = spec.width;
  const cells = levels.reduce((sum, level) => sum + pixelsOf(level), 0);
  const samples = heads * levels.length * points;
  cost.layerNorm((queries + cells) * d);
  cost.linear(cells, d, d);
  cost.linear(queries, d, 3 * samples);
  cost.operations(3 * queries * samples + 4 * queries * samples);
  cost.sample(queries * levels.length * points, d);
  cost.multiplyAdds(queries * levels.length * points * d);
  cost.linear(queries, d, d);
}

/** @param tokens of the backbone that each injector writes to */
function chargeInjectors(cost: Cost, adapter: AdapterSpec, tokens: readonly number[]): void {
  for (const queries of tokens) {
    chargeAttention(cost, adapter, queries, pyramidGrids(adapter));
    cost.operations(2 * queries * adapter.spec.width);
  }
}

function chargeExtractors(cost: Cost, adapter: AdapterSpec): void {
  const grids = pyramidGrids(adapter);
  const d = adapter.spec.width;
  const hidden = feedForwardWidth(adapter);
  const queries = grids.reduce((sum, grid) => sum + pixelsOf(grid), 0);
  for (let i = 0; i < adapter.interactions.length + extraExtractors; i++) {
    chargeAttention(cost, adapter, queries, [grids[1]]);
    cost.elementwise(2 * queries * d);
    cost.layerNorm(queries * d);
    cost.linear(queries, d, hidden);
    cost.conv(queries, 1, hidden, 9);
    cost.elementwise(queries * hidden);
    cost.linear(queries, hidden, d);
  }
}

function chargeMaps(cost: Cost, adapter: AdapterSpec): void {
  const d = adapter.spec.width;
  const [c2, c3, c4] = pyramidGrids(adapter).map(pixelsOf);
  const c1 = 4 * c2;
  cost.conv(c1, d, d, 1);
  cost.elementwise(c1 * d);
  for (const pixels of [c1, c2, c4]) cost.bilinear(pixels * d);
  for (const pixels of [c1, c2, c3, c4]) {
    cost.elementwise(pixels * d);
    cost.batchNorm(pixels * d);
  }
}

/** Pixels of the pyramid's levels, finest first. */
function levelPixels({ kind, backbone }: DetectorSpec): number[] {
  const finest = kind === 'maskrcnn' ? 4 : 8;
  let size = { height: backbone.spec.imageHeight / finest, width: backbone.spec.imageWidth / finest };
  return Array.from({ length: pyramidLevels }, () => {
    const own = pixelsOf(size);
    size = { height: Math.ceil(size.height / 2), width: Math.ceil(size.width / 2) };
    return own;
  });
}

function chargePyramid(cost: Cost, spec: DetectorSpec): void {
  const { channels, backbone, kind } = spec;
  const levels = levelPixels(spec);
  const lateral = kind === 'maskrcnn' ? 4 : 3;
  for (const [level, pixels] of levels.entries()) {
    if (level < lateral) cost.normedConv(pixels, backbone.spec.width, channels, 1);
    if (level < lateral - 1) cost.elementwise(pixels * channels);
    if (level < (kind === 'maskrcnn' ? roiLevels : pyramidLevels)) {
      cost.normedConv(pixels, channels, channels, 9);
    }
  }
}

function chargeAnchors(cost: Cost, spec: DetectorSpec): void {
  const { channels } = spec;
  const anchors = anchorsPerCell(spec);
  for (const pixels of levelPixels(spec)) {
    const convs = spec.kind === 'maskrcnn' ? 1 : 2 * retinaStackedConvs;
    for (let i = 0; i < convs; i++) {
      cost.conv(pixels, channels, channels, 9);
      cost.elementwise(pixels * channels);
    }
    const [outputs, taps] = spec.kind === 'maskrcnn' ? [5 * anchors, 1] : [(spec.classes + 4) * anchors, 9];
    cost.conv(pixels, channels, outputs, taps);
  }
}

/**
 * RoIAlign is charged one sample a bin and direction; how many it takes depends on the regions' sizes.
 */
function chargeBoxes(cost: Cost, { channels, classes, boxFeatures, proposals }: MaskRcnnSpec): void {
  const regions = proposals.perImage;
  const pixels = regions * boxRoiSize ** 2;
  cost.sample(pixels, channels);
  for (let i = 0; i < roiHeadConvs; i++) {
    cost.normedConv(pixels, channels, channels, 9);
    cost.elementwise(pixels * channels);
  }
  cost.linear(regions, channels * boxRoiSize ** 2, boxFeatures);
  cost.elementwise(regions * boxFeatures);
  cost.linear(regions, boxFeatures, classes + 1);
  cost.linear(regions, boxFeatures, 4 * classes);
}

function chargeMasks(cost: Cost, { channels, classes, detections }: MaskRcnnSpec): void {
  const pixels = detections.perImage * maskRoiSize ** 2;
  cost.sample(pixels, channels);
  for (let i = 0; i < roiHeadConvs; i++) {
    cost.conv(pixels, channels, channels, 9);
    cost.elementwise(pixels * channels);
  }
  cost.conv(4 * pixels, channels, channels, 1);
  cost.elementwise(4 * pixels * channels);
  cost.conv(4 * pixels, channels, classes, 1);
}
