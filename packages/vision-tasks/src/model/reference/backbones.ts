/**
 * The backbones of detectors and segmenters in float64: image → feature maps, pruned or not.
 *
 * Every head gets a full grid: a pruned cell holds the token as it last was when it was pruned.
 */
import type { PruningPlan } from '@vssm/core';
import {
  add,
  chooseTokens,
  type FeatureMap,
  importance,
  keptRows,
  layerNorm,
  mapOfTokens,
  type Observer,
  type Parameters,
  rmsNorm,
  zeroGone,
} from '@vssm/core/reference';
import { patchGrid, plainMambaGrid } from '@vssm/families';
import { type AdapterSpec, extraExtractors, type PlainMambaTapsSpec, type VimTapsSpec } from '../spec.ts';
import { adapterMaps, extractor, injector, spatialPrior } from './adapter.ts';
import type { PlainMambaBlocks } from './plainmamba-blocks.ts';
import { everyCell, GridMemory, type KeptCells } from './pruning.ts';
import { type RopeTables, rotate } from './rope.ts';
import type { VimBlocks } from './vim-blocks.ts';

export interface BackboneRun {
  readonly parameter: Parameters;
  readonly plan: PruningPlan;
  /** Stable index of the image; only the `random` signal depends on it. */
  readonly sample: number;
  readonly observe: Observer;
}

/** Tokens between two layers of a PlainMamba, and what every cell last held. */
interface Stream {
  readonly tokens: Float64Array;
  readonly cells: KeptCells;
  readonly memory: GridMemory<Float64Array>;
}

/** One PlainMamba layer and the pruning step on leaving it, if there is one. */
function step(
  { plan, sample, observe }: BackboneRun,
  blocks: PlainMambaBlocks,
  gridCells: number,
  layer: number,
  { tokens: before, cells, memory }: Stream,
): Stream {
  const output = blocks.layer(layer, before, cells.positions);
  // Under `mask`, the biases of a layer would fill the tokens that are gone.
  const tokens = zeroGone(output.tokens, cells);
  memory.write(tokens, cells);
  observe(`layer${layer}.out`, tokens);
  const index = plan.schedule.findIndex(({ after }) => after === layer + 1);
  if (index < 0) return { tokens, cells, memory };
  const place = {
    spec: blocks.spec,
    step: index,
    sample,
    fullLength: gridCells,
    protectedTokens: new Int32Array(0),
  };
  const scores = importance(plan, place, output.signals, cells);
  const choice = chooseTokens(plan, index, scores, cells);
  const width = tokens.length / cells.positions.length;
  return { tokens: keptRows(tokens, choice, width), cells: choice.kept, memory };
}

/** PlainMamba's four maps of stride 16: LayerNorm `norm_layer<i>` on every tap, `ln1` on the last. */
export function plainMambaTaps(
  run: BackboneRun,
  { spec, taps }: PlainMambaTapsSpec,
  blocks: PlainMambaBlocks,
  image: FeatureMap,
): readonly FeatureMap[] {
  const { height, width } = plainMambaGrid(spec);
  const gridCells = height * width;
  const maps: FeatureMap[] = [];
  let stream: Stream = {
    tokens: blocks.embed(image),
    cells: everyCell(gridCells),
    memory: new GridMemory<Float64Array>(new Float64Array(gridCells * spec.width), spec.width),
  };
  for (let layer = 0; layer < spec.depth; layer++) {
    stream = step(run, blocks, gridCells, layer, stream);
    if (!taps.includes(layer)) continue;
    const norm = layer === spec.depth - 1 ? 'backbone.ln1' : `backbone.norm_layer${layer}`;
    const normed = layerNorm(
      stream.memory.read(),
      run.parameter(`${norm}.weight`),
      run.parameter(`${norm}.bias`),
      gridCells,
      spec.width,
      1e-6,
    );
    maps.push(mapOfTokens(normed, height, width));
  }
  return maps;
}

/**
 * PlainMamba-Adapter: its four maps of strides 4, 8, 16 and 32. The injectors write to the cells that still have a
 * token; the extractors read the whole grid.
 */
export function adapterBackbone(
  run: BackboneRun,
  adapter: AdapterSpec,
  blocks: PlainMambaBlocks,
  image: FeatureMap,
): readonly FeatureMap[] {
  const { parameter, observe } = run;
  const { height, width } = plainMambaGrid(adapter.spec);
  const gridCells = height * width;
  let { c1, c } = spatialPrior(parameter, image, observe);
  let stream: Stream = {
    tokens: blocks.embed(image),
    cells: everyCell(gridCells),
    memory: new GridMemory<Float64Array>(
      new Float64Array(gridCells * adapter.spec.width),
      adapter.spec.width,
    ),
  };
  for (const [block, [first, last]] of adapter.interactions.entries()) {
    const prefix = `backbone.interactions.${block}`;
    const seen = (name: string, value: Float64Array) => observe(`inter${block}.${name}`, value);
    const injected = injector(
      parameter,
      adapter,
      `${prefix}.injector`,
      stream.tokens,
      stream.cells.positions,
      c,
      (name, value) => seen(`injector.${name}`, value),
    );
    stream = { ...stream, tokens: zeroGone(injected, stream.cells) };
    seen('injector_out', stream.tokens);
    for (let layer = first; layer <= last; layer++) stream = step(run, blocks, gridCells, layer, stream);
    const x = stream.memory.read();
    seen('x', x);
    c = extractor(parameter, adapter, `${prefix}.extractor`, c, x, (name, value) =>
      seen(`extractor.${name}`, value),
    );
    seen('extractor_out', c);
    if (block === adapter.interactions.length - 1) {
      for (let extra = 0; extra < extraExtractors; extra++) {
        c = extractor(parameter, adapter, `${prefix}.extra_extractors.${extra}`, c, x);
        seen(`extra${extra}_out`, c);
      }
    }
    seen('c', c);
  }
  return adapterMaps(parameter, adapter, c1, c, stream.memory.read(), observe);
}

/** Vim's four taps, all of the patches' stride; the neck gives them their strides. */
export function vimTaps(
  { parameter, plan, sample, observe }: BackboneRun,
  { spec, taps, tapStream, lastTap, rope }: VimTapsSpec,
  blocks: VimBlocks,
  image: FeatureMap,
): readonly FeatureMap[] {
  const { height, width } = patchGrid(spec);
  const gridCells = height * width;
  const tables = rope === 'none' ? undefined : ropeTablesOf(parameter);
  const memory = {
    hidden: new GridMemory<Float64Array>(new Float64Array(gridCells * spec.width), spec.width),
    residual: new GridMemory<Float64Array>(new Float64Array(gridCells * spec.width), spec.width),
  };
  const maps: FeatureMap[] = [];
  const tap = (tokens: Float64Array) => maps.push(mapOfTokens(tokens, height, width));

  let cells = everyCell(gridCells);
  const { patches, tokens } = blocks.embed(image);
  observe('patch_tokens', patches);
  observe('tokens_pos', tokens);
  let hidden = tokens;
  let residual: Float64Array | undefined;
  for (let block = 0; block < spec.depth; block++) {
    if (tables !== undefined) {
      hidden = rotate(hidden, tables, cells.positions);
      if (rope === 'hidden-and-residual' && residual !== undefined) {
        residual = rotate(residual, tables, cells.positions);
      }
    }
    observe(`block${block}.in_hidden`, hidden);
    if (residual !== undefined) observe(`block${block}.in_residual`, residual);
    residual = residual === undefined ? hidden : add(residual, hidden);
    memory.residual.write(residual, cells);
    // The residual's tap of block i is what block i + 1 returns.
    if (tapStream === 'residual' && taps.includes(block - 1)) tap(memory.residual.read());

    const output = blocks.block(block, residual, cells.positions);
    hidden = output.hidden;
    memory.hidden.write(hidden, cells);
    observe(`block${block}.hidden`, hidden);
    observe(`block${block}.residual`, residual);
    if (tapStream === 'mixer' && taps.includes(block)) tap(memory.hidden.read());

    const index = plan.schedule.findIndex(({ after }) => after === block + 1);
    if (index < 0) continue;
    const place = { spec, step: index, sample, fullLength: gridCells, protectedTokens: new Int32Array(0) };
    const scores = importance(plan, place, output.signals, cells);
    const choice = chooseTokens(plan, index, scores, cells);
    hidden = keptRows(hidden, choice, spec.width);
    residual = keptRows(residual, choice, spec.width);
    cells = choice.kept;
  }
  if (tapStream === 'residual') {
    const sum = add(memory.hidden.read(), memory.residual.read());
    tap(lastTap === 'add' ? sum : rmsNorm(sum, parameter('backbone.norm_f.weight'), gridCells, spec.width));
  }
  return maps;
}

function ropeTablesOf(parameter: Parameters): RopeTables {
  return { cos: parameter('backbone.rope.freqs_cos'), sin: parameter('backbone.rope.freqs_sin') };
}
