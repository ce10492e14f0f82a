/**
 * What happens in a block of such a backbone between its input and its output projection, on one image: the
 * kernels' convolution, the projections, by native kernels or as an ONNX segment, the kernels' scan. It is made for one grid; the sessions
 * of the projections serve every grid.
 */
import type { PruningPlan, Weights } from '@vssm/core';
import { importance } from '@vssm/core/reference';
import { type ModelSpec, sequenceLength } from '@vssm/families';
import { modelSegments } from '@vssm/families/graph';
import { kernelImplementation } from '@vssm/kernels';
import type { visionReference } from '@vssm/vision-tasks';
import type { InferenceSession } from 'onnxruntime-node';
import { type Buffers, mixerPlaces, placeBuffers } from '../segments/buffers.ts';
import type { Hooks } from '../segments/family.ts';
import { HandOut } from '../segments/hand-out.ts';
import type { Mixer, MixJob } from '../segments/mixer.ts';
import { kernelProjections, type Projections, sessionProjections } from '../segments/projections.ts';
import { SessionRunner } from '../segments/runner.ts';
import { mixerOver } from '../segments/split-mixer.ts';
import { mixingOf } from '../segments/table.ts';
import type { KernelPlace } from './kernel-place.ts';
import { createStageSession, type StageTensor } from './stage.ts';

type KeptCells = visionReference.KeptCells;

/** A pruning step that follows a block. */
export interface ScoreRequest {
  /** 0-based index within the schedule. */
  readonly step: number;
  readonly sample: number;
}

/** The projections of every block, whatever the image's size; none where native kernels do their work. */
export async function projectionSessions(
  spec: ModelSpec,
  weights: Weights,
  plan: PruningPlan,
  threads: number,
): Promise<readonly InferenceSession[]> {
  if ((await kernelImplementation()) === 'native') return [];
  const segments = modelSegments(spec, weights, plan);
  const sessions: InferenceSession[] = [];
  for (let block = 0; block < spec.depth; block++) {
    sessions.push(await createStageSession(segments.projections(block), threads));
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
  readonly #projections: Projections;
  /** The cells that the kernels were last told of. */
  #arranged: Int32Array | undefined;

  /**
   * @param weights the blocks' own, in the classifier's names
   * @param sessions see `projectionSessions`
   */
  static async create(
    spec: ModelSpec,
    weights: Weights,
    plan: PruningPlan,
    gridCells: number,
    sessions: readonly InferenceSession[],
    threads: number,
    { arena, kernels }: KernelPlace,
  ): Promise<KernelMixer> {
    const segments = modelSegments(spec, weights, plan);
    const { projectionSets, share } = segments;
    const buffers = placeBuffers(arena, spec, projectionSets, 1);
    const runner = await SessionRunner.create();
    const context = { spec, plan, weights, arena, kernels, buffers, runner, batch: 1, contributions: false };
    const family = mixingOf(context.spec).hooks(context);
    const handOut = new HandOut({ ...context, family });
    const places = { ...context, share, places: mixerPlaces(spec, buffers, handOut.places) };
    const mixer = await mixerOver(places, threads);
    family.begin();
    const projections =
      kernels.implementation === 'native'
        ? kernelProjections(context, segments, buffers)
        : sessionProjections(sessions, spec, buffers, runner);
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
    projections: Projections,
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

  /** Where products before and after the mixer find what it reads and writes. */
  get places(): Pick<Buffers, 'residuals' | 'xz' | 'y'> {
    return this.#buffers;
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
    const { innerWidth: E } = this.#spec;
    const job = this.#job(block, cells);
    const rows = job.length;
    this.#arrange(cells.positions);
    this.#mixer.convolve(job);
    await this.#projections.run(block, rows);
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
