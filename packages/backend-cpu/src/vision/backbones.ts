/**
 * The backbones of detectors and segmenters on the CPU, one image at a time: the twin of core's float64 backbones. Every
 * head gets a full grid; a pruned cell holds the token as it last was when it was pruned.
 */
import type { PruningPlan } from '@vssm/core';
import { type AdapterSpec, type VimTapsSpec, visionReference } from '@vssm/vision-tasks';
import { visionNames } from '@vssm/vision-tasks/graph';
import type { DeformableAttention, Interactions } from './attention.ts';
import { type PlainMambaLayers, rowsOf, runPlainMambaLayer, runVimBlock, type VimBlocks } from './blocks.ts';
import type { StageTensor } from './stage.ts';
import type { Stopwatch } from './stopwatch.ts';

const { chooseTokens, everyCell, GridMemory } = visionReference;

type KeptCells = visionReference.KeptCells;
type Memory = visionReference.GridMemory<Float32Array>;

/** Told the kept cells after each step, by the 1-based block. */
export type KeptWatch = (after: number, cells: KeptCells) => void;

export interface ImageRun {
  /** Stable index of the image; only the `random` signal depends on it. */
  readonly sample: number;
  readonly stopwatch: Stopwatch;
  readonly kept: KeptWatch;
}

interface Stream {
  readonly tokens: Float32Array;
  readonly cells: KeptCells;
  readonly memory: Memory;
}

/** One PlainMamba layer and the pruning step on leaving it, if there is one. */
async function step(layers: PlainMambaLayers, layer: number, stream: Stream, run: ImageRun): Promise<Stream> {
  const { plan, spec } = layers;
  const { cells, memory } = stream;
  const index = stepAfter(plan, layer);
  const request = index < 0 ? undefined : { step: index, sample: run.sample };
  const output = await runPlainMambaLayer(layers, layer, stream.tokens, cells, request);
  // Under `mask`, the biases of a layer would fill the tokens that are gone.
  const tokens = zeroGone(output.tokens, cells, spec.width);
  memory.write(tokens, cells);
  if (output.scores === undefined) return { tokens, cells, memory };
  const choice = chooseTokens(plan, index, output.scores, cells);
  run.kept(layer + 1, choice.kept);
  return { tokens: keptRows(tokens, choice, spec.width), cells: choice.kept, memory };
}

function startStream(tokens: Float32Array, gridCells: number, width: number): Stream {
  const memory = new GridMemory<Float32Array>(new Float32Array(gridCells * width), width);
  return { tokens, cells: everyCell(gridCells), memory };
}

/** The tokens after each tap's layer, whole grids [1, cells, d], not normed yet. */
export async function plainMambaTaps(
  layers: PlainMambaLayers,
  taps: readonly number[],
  tokens: Float32Array,
  run: ImageRun,
): Promise<readonly StageTensor[]> {
  const { spec, gridCells } = layers;
  const maps: StageTensor[] = [];
  let stream = startStream(tokens, gridCells, spec.width);
  for (let layer = 0; layer < spec.depth; layer++) {
    stream = await step(layers, layer, stream, run);
    if (taps.includes(layer)) maps.push({ data: stream.memory.read(), shape: [1, gridCells, spec.width] });
  }
  run.stopwatch('layers');
  return maps;
}

/** The pyramid's tokens c after the last extractor, and the backbone's x, both whole grids. */
export async function adapterStreams(
  layers: PlainMambaLayers,
  { interactions }: AdapterSpec,
  { injectors, extractors }: Interactions,
  attention: DeformableAttention,
  tokens: Float32Array,
  pyramidTokens: StageTensor,
  run: ImageRun,
): Promise<{ readonly c: StageTensor; readonly x: StageTensor }> {
  const { spec, gridCells } = layers;
  const { grids: integers, centres, ownCentres } = attention;
  const grids = { [visionNames.pyramidGrids]: integers };
  let c = pyramidTokens;
  let stream = startStream(tokens, gridCells, spec.width);
  for (const [block, [first, last]] of interactions.entries()) {
    const { inputs, end } = injectors[block];
    const x = rowsOf(stream.tokens, spec.width);
    const references = gather(ownCentres, stream.cells.positions, 2);
    const sampled = await attention.sample(inputs, x, references, c, 'pyramid');
    const injected = await end.run({ [visionNames.tokens]: x, [visionNames.sampled]: sampled });
    const next = injected[visionNames.nextTokens].data;
    stream = { ...stream, tokens: zeroGone(next, stream.cells, spec.width) };
    run.stopwatch('injectors');
    for (let layer = first; layer <= last; layer++) stream = await step(layers, layer, stream, run);
    run.stopwatch('layers');
    const whole = rowsOf(stream.memory.read(), spec.width);
    for (const own of extractors[block]) {
      const found = await attention.sample(own.inputs, c, centres, whole, 'backbone');
      const both = { [visionNames.pyramidTokens]: c, [visionNames.sampled]: found };
      c = (await own.end.run({ ...both, ...grids }))[visionNames.nextPyramidTokens];
    }
    run.stopwatch('extractors');
  }
  return { c, x: rowsOf(stream.memory.read(), spec.width) };
}

/** Vim's four taps as whole grids [1, cells, d]; the neck gives them their strides. */
export async function vimTaps(
  blocks: VimBlocks,
  tokens: Float32Array,
  tables: visionReference.RopeTables | undefined,
  finalNorm: (sum: Float32Array) => Float32Array,
  run: ImageRun,
): Promise<readonly StageTensor[]> {
  const { plan, gridCells, taps: spec } = blocks;
  const { taps, tapStream } = spec;
  const { width, depth } = spec.spec;
  const newMemory = () => new GridMemory<Float32Array>(new Float32Array(gridCells * width), width);
  const memory = { hidden: newMemory(), residual: newMemory() };
  const maps: StageTensor[] = [];
  const tap = (data: Float32Array) => maps.push({ data, shape: [1, gridCells, width] });

  let cells = everyCell(gridCells);
  let rope = tables;
  let hidden = tokens;
  let residual: Float32Array | undefined;
  for (let block = 0; block < depth; block++) {
    const index = stepAfter(plan, block);
    const request = index < 0 ? undefined : { step: index, sample: run.sample };
    const output = await runVimBlock(blocks, block, { hidden, residual }, rope, cells, request);
    ({ hidden, residual } = output);
    memory.residual.write(residual, cells);
    // The residual's tap of block i is what block i + 1 returns.
    if (tapStream === 'residual' && taps.includes(block - 1)) tap(memory.residual.read());
    memory.hidden.write(hidden, cells);
    if (tapStream === 'mixer' && taps.includes(block)) tap(memory.hidden.read());
    if (output.scores === undefined) continue;
    const choice = chooseTokens(plan, index, output.scores, cells);
    run.kept(block + 1, choice.kept);
    hidden = keptRows(hidden, choice, width);
    residual = keptRows(residual, choice, width);
    cells = choice.kept;
    rope = tables === undefined ? undefined : tablesAt(tables, cells, width);
  }
  if (tapStream === 'residual') {
    const last = memory.hidden.read();
    const sum = memory.residual.read().map((value, i) => value + last[i]);
    tap(finalTap(spec, sum, finalNorm));
  }
  run.stopwatch('layers');
  return maps;
}

function finalTap(
  { lastTap }: VimTapsSpec,
  sum: Float32Array,
  norm: (sum: Float32Array) => Float32Array,
): Float32Array {
  switch (lastTap) {
    case 'add':
      return sum;
    case 'add-norm':
      return norm(sum);
    default:
      throw lastTap satisfies never;
  }
}

function stepAfter(plan: PruningPlan, block: number): number {
  return plan.schedule.findIndex(({ after }) => after === block + 1);
}

/** The rows that a step keeps; under `mask` all of them, zero where they are gone. */
function keptRows(rows: Float32Array, { chosen, kept }: visionReference.Choice, width: number): Float32Array {
  return kept.live === undefined ? gather(rows, chosen, width) : zeroGone(rows, kept, width);
}

function tablesAt(
  { cos, sin }: visionReference.RopeTables,
  { positions }: KeptCells,
  width: number,
): visionReference.RopeTables {
  return { cos: gather(cos, positions, width), sin: gather(sin, positions, width) };
}

function gather(rows: Float32Array, indices: Int32Array, width: number): Float32Array {
  const gathered = new Float32Array(indices.length * width);
  for (const [to, from] of indices.entries()) {
    gathered.set(rows.subarray(from * width, (from + 1) * width), to * width);
  }
  return gathered;
}

function zeroGone(rows: Float32Array, { live }: KeptCells, width: number): Float32Array {
  if (live === undefined) return rows;
  const zeroed = rows.slice();
  for (const [token, alive] of live.entries()) {
    if (alive === 0) zeroed.fill(0, token * width, (token + 1) * width);
  }
  return zeroed;
}
