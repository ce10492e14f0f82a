/**
 * What happens in a block of such a backbone between its input and its output projection, on one image: the
 * kernels' convolution, the projections as an ONNX segment, the kernels' scan. It is made for one grid; the sessions
 * of the projections serve every grid.
 */
import type { PruningPlan, Weights } from '@vssm/core';
import { importance } from '@vssm/core/reference';
import { type ModelSpec, sequenceLength } from '@vssm/families';
import { modelSegments } from '@vssm/families/graph';
import { segmentNames } from '@vssm/graph';
import { Arena, createKernels, createMemory } from '@vssm/kernels';
import type { visionReference } from '@vssm/vision-tasks';
import { type Buffers, mixerPlaces, placeBuffers } from '../segments/buffers.ts';
import type { Hooks } from '../segments/family.ts';
import { HandOut } from '../segments/hand-out.ts';
import type { Mixer, MixJob } from '../segments/mixer.ts';
import { SessionRunner } from '../segments/runner.ts';
import { mixerOver } from '../segments/split-mixer.ts';
import { mixingOf } from '../segments/table.ts';
import { type StageInputs, StageSession, type StageTensor } from './stage.ts';

type KeptCells = visionReference.KeptCells;

/** A pruning step that follows a block. */
export interface ScoreRequest {
  /** 0-based index within the schedule. */
  readonly step: number;
  readonly sample: number;
}

/** The projections of every block, whatever the image's size. */
export async function projectionSessions(
  spec: ModelSpec,
  weights: Weights,
  plan: PruningPlan,
  threads: number,
): Promise<readonly StageSession[]> {
  const segments = modelSegments(spec, weights, plan);
  const sessions: StageSession[] = [];
  for (let block = 0; block < spec.depth; block++) {
    sessions.push(await StageSession.create(segments.projections(block), threads));
  }
  return sessions;
}

export class KernelMixer {
  readonly #spec: ModelSpec;
  readonly #plan: PruningPlan;
  readonly #gridCells: number;
  readonly #buffers: Buffers;
  readonly #mixer: Mixer;
  readonly #family: Hooks;
  readonly #handOut: HandOut;
  readonly #projections: readonly StageSession[];
  /** The cells that the kernels were last told of. */
  #arranged: Int32Array | undefined;

  /** @param weights the blocks' own, in the classifier's names */
  static async create(
    spec: ModelSpec,
    weights: Weights,
    plan: PruningPlan,
    gridCells: number,
    projections: readonly StageSession[],
    threads: number,
  ): Promise<KernelMixer> {
    const { projectionSets, share } = modelSegments(spec, weights, plan);
    const arena = new Arena(createMemory(), { limitBytes: 2 ** 32 });
    const kernels = await createKernels(arena.memory, { threads });
    const buffers = placeBuffers(arena, spec, projectionSets, 1);
    const runner = await SessionRunner.create();
    const context = { spec, plan, weights, arena, kernels, buffers, runner, batch: 1, contributions: false };
    const family = mixingOf(context.spec).hooks(context);
    const handOut = new HandOut({ ...context, family });
    const places = { ...context, share, places: mixerPlaces(spec, buffers, handOut.places) };
    const mixer = await mixerOver(places, threads);
    family.begin();
    return new KernelMixer(spec, plan, gridCells, buffers, mixer, family, handOut, projections);
  }

  constructor(
    spec: ModelSpec,
    plan: PruningPlan,
    gridCells: number,
    buffers: Buffers,
    mixer: Mixer,
    family: Hooks,
    handOut: HandOut,
    projections: readonly StageSession[],
  ) {
    if (gridCells > sequenceLength(spec)) throw new Error('the grid is larger than the buffers');
    this.#spec = spec;
    this.#plan = plan;
    this.#gridCells = gridCells;
    this.#buffers = buffers;
    this.#mixer = mixer;
    this.#family = family;
    this.#handOut = handOut;
    this.#projections = projections;
  }

  /** Where `enter` writes a block's xz, [rows, 2E]. */
  xz(rows: number): StageTensor {
    const width = 2 * this.#spec.innerWidth;
    return { data: this.#buffers.xz.view().subarray(0, rows * width), shape: [rows, width] };
  }

  /**
   * xz → y, [K, E], valid until the next call.
   *
   * @param request which step follows; the plan's rule scores the tokens for it
   */
  async run(
    block: number,
    cells: KeptCells,
    request: ScoreRequest | undefined,
  ): Promise<{ y: StageTensor; scores?: ArrayLike<number> }> {
    const { innerWidth: E, stateSize: N, dtRank: r } = this.#spec;
    const job = this.#job(block, cells);
    const rows = job.length;
    this.#arrange(cells.positions);
    this.#mixer.convolve(job);
    const inputs: Record<string, StageInputs[string]> = {};
    const outputs: Record<string, StageTensor> = {};
    for (const { set, u, projected, delta } of this.#buffers.sets) {
      const rowsOf = (region: typeof u, width: number): StageTensor => ({
        data: region.view().subarray(0, rows * width),
        shape: [rows, width],
      });
      inputs[segmentNames.u(set)] = rowsOf(u, E);
      outputs[segmentNames.projected(set)] = rowsOf(projected, r + 2 * N);
      outputs[segmentNames.delta(set)] = rowsOf(delta, E);
    }
    await this.#projections[block].run(inputs, outputs);
    this.#mixer.scan(job, request !== undefined);
    const y = { data: this.#buffers.y.view().subarray(0, rows * E), shape: [rows, E] };
    return request === undefined ? { y } : { y, scores: this.#scores(job, cells, request) };
  }

  #scores(job: MixJob, cells: KeptCells, { step, sample }: ScoreRequest): ArrayLike<number> {
    // The streams stay with the caller; no rule that drops tokens by their scores and is built in reads them.
    this.#handOut.begin(job, new Float32Array(0), [cells.positions]);
    const place = {
      spec: this.#spec,
      step,
      sample,
      fullLength: this.#gridCells,
      protectedTokens: new Int32Array(0),
    };
    return importance(this.#plan, place, this.#handOut.source(0), cells);
  }

  /** The 3x3 convolution that some PlainMamba layers end in: tokens [K, d] → [K, d], valid until the next call. */
  convolveLayer(layer: number, tokens: Float32Array, cells: KeptCells): StageTensor {
    const [from, to] = this.#buffers.residuals;
    from.view().set(tokens);
    this.#family.convolveLayer(this.#job(layer, cells), from, to);
    const { width } = this.#spec;
    return { data: to.view().subarray(0, tokens.length), shape: [tokens.length / width, width] };
  }

  dispose(): Promise<void> {
    return this.#mixer.dispose();
  }

  #job(block: number, { positions }: KeptCells): MixJob {
    const pruned = positions.length < this.#gridCells;
    return {
      block,
      batch: 1,
      length: positions.length,
      positionalTaps: pruned && this.#plan.conv === 'positional',
      gaps: pruned && this.#plan.alignment === 'decay',
      columns: 0,
    };
  }

  #arrange(positions: Int32Array): void {
    if (positions.length === this.#gridCells || positions === this.#arranged) return;
    this.#buffers.positions.view().set(positions);
    this.#mixer.arrange(1, positions.length, 0);
    this.#arranged = positions;
  }
}
