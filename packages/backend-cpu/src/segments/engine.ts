/**
 * The `segments` form on one thread: ONNX Runtime computes norms and matrix products, the fused kernels compute
 * convolution, scan, gate and scores, and both work on the same memory. Between a scan and the next segment the
 * sequence may become shorter; a pruning step gathers y and the residual, so that the output projection already
 * runs on the kept tokens only.
 */
import type { Prediction } from '@vssm/backend';
import { classTokenPosition, type PruningPlan, sequenceLength, type VimSpec, type Weights } from '@vssm/core';
import { segmentNames } from '@vssm/graph';
import { Arena, createKernels, createMemory, type Kernels, type Region } from '@vssm/kernels';
import type { InferenceSession, OnnxValue, TensorConstructor } from 'onnxruntime-node';
import { onnxRuntime } from '../ort.ts';
import { type Buffers, bytesPerImage, mixerPlaces, placeBuffers } from './buffers.ts';
import { shareWeights } from './messages.ts';
import { directions, type Mixer, type MixJob, RangeMixer, scanScore } from './mixer.ts';
import { placeParameters } from './parameters.ts';
import { concatenate, type Places, type Selection, select, unprunedPlaces } from './prune.ts';
import { createSegmentSessions, releaseSegmentSessions, type SegmentSessions } from './sessions.ts';
import { SplitMixer, shareChannels } from './split-mixer.ts';

/** Activations of a chunk stay below this; larger chunks gain nothing once the matrix products are busy. */
const chunkBytes = 64 * 2 ** 20;
const largestChunk = 32;

export function canRunSegments(spec: VimSpec): boolean {
  return spec.stateSize % 4 === 0 && spec.stateSize <= 256 && spec.convKernel <= 8;
}

/** What one image of a chunk is asked for and gives back. */
export interface Chunk {
  /** [B, C, H, W] */
  readonly pixels: Float32Array;
  readonly samples: readonly number[];
}

export type ChunkPrediction = Prediction & { readonly logits: Float32Array };

/** What an image's time goes to. `dense` is the segment between two scans, `pruning` selection and gathers. */
export const parts = ['embed', 'convolution', 'projections', 'scan', 'pruning', 'dense', 'head'] as const;
export type Part = (typeof parts)[number];

/** Told the time of every part of every block, ms per chunk; for profiles. */
export type Stopwatch = (part: Part, block: number, ms: number) => void;

type Runtime = { readonly Tensor: TensorConstructor };

export class SegmentEngine {
  readonly spec: VimSpec;
  readonly plan: PruningPlan;
  /** Most images of one chunk. */
  readonly chunkSize: number;
  readonly #ort: Runtime;
  readonly #sessions: SegmentSessions;
  readonly #kernels: Kernels;
  readonly #mixer: Mixer;
  readonly #buffers: Buffers;

  /**
   * @param threads inside each matrix product; with `splitImages` also for the kernels
   * @param options.largest most images of one chunk
   */
  static async create(
    spec: VimSpec,
    weights: Weights,
    plan: PruningPlan,
    threads: number,
    options: { readonly largest?: number; readonly splitImages?: boolean } = {},
  ): Promise<SegmentEngine> {
    const sessions = await createSegmentSessions(spec, weights, threads);
    const arena = new Arena(createMemory(), { limitBytes: 2 ** 32 });
    const kernels = await createKernels(arena.memory);
    const parameters = placeParameters(arena, spec, weights);
    const fitting = Math.floor(chunkBytes / bytesPerImage(spec));
    const chunkSize = Math.max(1, Math.min(options.largest ?? largestChunk, fitting));
    const buffers = placeBuffers(arena, spec, chunkSize);
    const places = mixerPlaces(spec, buffers);
    const shares = shareChannels(spec.innerWidth, options.splitImages === true ? threads : 1);
    const mixer =
      shares.length === 1
        ? new RangeMixer(kernels, spec, parameters, places, shares[0])
        : await SplitMixer.create(
            { kernels, arena, spec, parameters, places, weights: shareWeights(weights), batch: chunkSize },
            shares,
          );
    return new SegmentEngine(spec, plan, await onnxRuntime(), sessions, kernels, mixer, buffers, chunkSize);
  }

  constructor(
    spec: VimSpec,
    plan: PruningPlan,
    ort: Runtime,
    sessions: SegmentSessions,
    kernels: Kernels,
    mixer: Mixer,
    buffers: Buffers,
    chunkSize: number,
  ) {
    this.spec = spec;
    this.plan = plan;
    this.chunkSize = chunkSize;
    this.#ort = ort;
    this.#sessions = sessions;
    this.#kernels = kernels;
    this.#mixer = mixer;
    this.#buffers = buffers;
  }

  /** @param chunk at most `chunkSize` images */
  async run(chunk: Chunk, stopwatch?: Stopwatch): Promise<ChunkPrediction> {
    let since = performance.now();
    const lap = (part: Part, block: number) => {
      if (stopwatch === undefined) return;
      const now = performance.now();
      stopwatch(part, block, now - since);
      since = now;
    };
    const { spec, plan } = this;
    const buffers = this.#buffers;
    const batch = chunk.samples.length;
    let places = unprunedPlaces(spec, batch, classTokenPosition(spec));
    let [residual, spare] = buffers.residuals;
    const kept = new Map<number, Int32Array>();

    buffers.pixels.view().set(chunk.pixels);
    await this.#session(
      this.#sessions.embed,
      {
        [segmentNames.pixels]: this.#tensor(buffers.pixels, [
          batch,
          spec.inChannels,
          spec.imageHeight,
          spec.imageWidth,
        ]),
      },
      {
        [segmentNames.nextResidual]: this.#tensor(residual, [batch * places.length, spec.width]),
        [segmentNames.xz]: this.#tensor(buffers.xz, [batch * places.length, 2 * spec.innerWidth]),
      },
    );
    lap('embed', 0);
    for (let block = 0; block < spec.depth; block++) {
      const step = plan.schedule.findIndex(({ after }) => after === block + 1);
      await this.#mix(block, batch, places, step >= 0, lap);
      let y = buffers.y;
      if (step >= 0) {
        const selection = select(spec, plan, step, places, buffers.scores.view(), chunk.samples);
        kept.set(block + 1, concatenate(selection.kept));
        if (plan.alignment === 'mask') {
          zeroDeadRows(y, spec.innerWidth, selection.places);
          zeroDeadRows(residual, spec.width, selection.places);
        } else {
          this.#gather(selection, places.length, y, buffers.keptY, spec.innerWidth);
          this.#gather(selection, places.length, residual, spare, spec.width);
          y = buffers.keptY;
          [residual, spare] = [spare, residual];
        }
        places = selection.places;
        lap('pruning', block);
      }
      if (block === spec.depth - 1) {
        await this.#head(batch, places, y, residual);
        lap('head', block);
      } else {
        await this.#next(block, batch * places.length, y, residual, spare);
        [residual, spare] = [spare, residual];
        lap('dense', block);
      }
    }
    return { logits: buffers.logits.view().slice(0, batch * spec.classes), kept };
  }

  async dispose(): Promise<void> {
    await this.#mixer.dispose();
    await releaseSegmentSessions(this.#sessions);
  }

  /** Convolution, projections and scan of both directions: xz → y, and the scores if a step follows. */
  async #mix(
    block: number,
    batch: number,
    places: Places,
    scored: boolean,
    lap: (part: Part, block: number) => void,
  ): Promise<void> {
    const { spec, plan } = this;
    const { innerWidth: E, stateSize: N, dtRank: r } = spec;
    const buffers = this.#buffers;
    const { length } = places;
    const rows = batch * length;
    const pruned = length < sequenceLength(spec);
    if (pruned) this.#writePositions(places);
    const job: MixJob = {
      block,
      batch,
      length,
      positionalTaps: pruned && plan.conv === 'positional',
      gaps: pruned && plan.alignment === 'decay',
    };
    this.#mixer.convolve(job);
    lap('convolution', block);
    const inputs: Record<string, OnnxValue> = {};
    const outputs: Record<string, OnnxValue> = {};
    for (const direction of directions) {
      inputs[segmentNames.u(direction)] = this.#tensor(buffers.u[direction], [rows, E]);
      outputs[segmentNames.projected(direction)] = this.#tensor(buffers.projected[direction], [
        rows,
        r + 2 * N,
      ]);
      outputs[segmentNames.delta(direction)] = this.#tensor(buffers.delta[direction], [rows, E]);
    }
    await this.#session(this.#sessions.projections[block], inputs, outputs);
    lap('projections', block);

    this.#mixer.scan(job, scored ? scanScore(plan) : undefined);
    if (scored && plan.signal === 'evit') {
      this.#kernels.dotScore({
        batch,
        length,
        channels: E,
        rows: { at: buffers.y.at, stride: E },
        classToken: places.classTokens,
        scores: buffers.scores.at,
      });
    }
    lap('scan', block);
  }

  async #next(
    block: number,
    rows: number,
    y: Region<Float32Array>,
    residual: Region<Float32Array>,
    nextResidual: Region<Float32Array>,
  ): Promise<void> {
    const { innerWidth: E, width: d } = this.spec;
    await this.#session(
      this.#sessions.next[block],
      {
        [segmentNames.y]: this.#tensor(y, [rows, E]),
        [segmentNames.residual]: this.#tensor(residual, [rows, d]),
      },
      {
        [segmentNames.nextResidual]: this.#tensor(nextResidual, [rows, d]),
        [segmentNames.xz]: this.#tensor(this.#buffers.xz, [rows, 2 * E]),
      },
    );
  }

  /** Only the class tokens' rows go through the last projection and the classifier. */
  async #head(
    batch: number,
    places: Places,
    y: Region<Float32Array>,
    residual: Region<Float32Array>,
  ): Promise<void> {
    const { Tensor } = this.#ort;
    const { innerWidth: E, width: d, classes } = this.spec;
    const rowsOf = (from: Region<Float32Array>, width: number): OnnxValue => {
      const all = from.view();
      const own = new Float32Array(batch * width);
      for (let image = 0; image < batch; image++) {
        const at = (image * places.length + places.classTokens[image]) * width;
        own.set(all.subarray(at, at + width), image * width);
      }
      return new Tensor('float32', own, [batch, width]);
    };
    await this.#session(
      this.#sessions.head,
      { [segmentNames.y]: rowsOf(y, E), [segmentNames.residual]: rowsOf(residual, d) },
      { [segmentNames.logits]: this.#tensor(this.#buffers.logits, [batch, classes]) },
    );
  }

  #gather(
    { chosen, places }: Selection,
    length: number,
    from: Region<Float32Array>,
    to: Region<Float32Array>,
    width: number,
  ): void {
    const indices = this.#buffers.indices.view();
    for (const [image, tokens] of chosen.entries()) indices.set(tokens, image * places.length);
    this.#kernels.gatherRows({
      batch: chosen.length,
      length,
      kept: places.length,
      width,
      from: { at: from.at, stride: width },
      to: { at: to.at, stride: width },
      indices: this.#buffers.indices.at,
    });
  }

  /** [B, L] */
  #writePositions({ positions, length }: Places): void {
    const view = this.#buffers.positions.view();
    for (const [image, own] of positions.entries()) view.set(own, image * length);
  }

  #tensor(region: Region<Float32Array>, shape: readonly number[]): OnnxValue {
    const size = shape.reduce((product, axis) => product * axis, 1);
    return new this.#ort.Tensor('float32', region.view().subarray(0, size), shape);
  }

  async #session(
    session: InferenceSession,
    inputs: Record<string, OnnxValue>,
    outputs: Record<string, OnnxValue>,
  ): Promise<void> {
    await session.run(inputs as InferenceSession.FeedsType, outputs as InferenceSession.FetchesType);
  }
}

/** Under `mask`: the rows of pruned tokens become zero, and stay so, since nothing in a block has a bias there. */
function zeroDeadRows(region: Region<Float32Array>, width: number, { live, length }: Places): void {
  const view = region.view();
  for (const [image, mask] of (live ?? []).entries()) {
    for (let token = 0; token < length; token++) {
      const at = (image * length + token) * width;
      if (mask[token] === 0) view.fill(0, at, at + width);
    }
  }
}
