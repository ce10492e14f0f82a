/**
 * The `segments` form on one thread: the fused kernels compute convolution, scan and gate, ONNX Runtime norms and matrix
 * products, and both work on the same memory; where the kernels are native, the products between scans are theirs too.
 * Between a scan and the next segment the sequence may become shorter; a pruning step gathers y and the residual, so that
 * the output projection already runs on the kept tokens only.
 */
import type { BlockContributions, Prediction } from '@vssm/backend';
import type { PruningPlan, Weights } from '@vssm/core';
import { type ModelSpec, sequenceLength } from '@vssm/families';
import { modelSegments } from '@vssm/families/graph';
import { openSegments, releaseSegments, type SegmentSessions, segmentNames } from '@vssm/graph';
import {
  Arena,
  createKernels,
  createMemory,
  type KernelChoice,
  type Kernels,
  kernelChoice,
} from '@vssm/kernels';
import type { InferenceSession } from 'onnxruntime-node';
import { createSession } from '../ort.ts';
import { type Buffers, chunkFor, mixerPlaces, placeBuffers } from './buffers.ts';
import type { Hooks, Stream } from './family.ts';
import { HandOut } from './hand-out.ts';
import { type HiddenSignal, hiddenSignal } from './hidden.ts';
import { mergeStreams } from './merge.ts';
import type { ExtraPlaces, Mixer, MixJob } from './mixer.ts';
import { type BlockProducts, kernelProducts } from './products.ts';
import { kernelProjections, type Projections, sessionProjections } from './projections.ts';
import { concatenate, type Places, readImages, scoreImages, select, unprunedPlaces } from './prune.ts';
import { SessionRunner, type Tensors } from './runner.ts';
import { mixerOver } from './split-mixer.ts';
import { Laps, type Stopwatch } from './stopwatch.ts';
import { mixingOf } from './table.ts';

/** What one image of a chunk is asked for and gives back. */
export interface Chunk {
  /** [B, C, H, W] */
  readonly pixels: Float32Array;
  readonly samples: readonly number[];
}

export type ChunkPrediction = Prediction & { readonly logits: Float32Array };

/** What an engine is made of. */
interface EngineParts {
  readonly spec: ModelSpec;
  readonly plan: PruningPlan;
  readonly chunkSize: number;
  readonly sessions: SegmentSessions<InferenceSession>;
  readonly runner: SessionRunner;
  readonly kernels: Kernels;
  readonly endsInConvolution: (block: number) => boolean;
  readonly projections: Projections;
  /** Present where the kernels are native. */
  readonly products: BlockProducts | undefined;
  readonly mixer: Mixer;
  readonly hooks: Hooks;
  /** Present where the plan's rule reads it. */
  readonly hidden: HiddenSignal | undefined;
  readonly handOut: HandOut;
  readonly buffers: Buffers;
  readonly contributions: boolean;
}

/**
 * A loaded model that answers chunks of images on the calling thread; its memory is made for the largest chunk.
 */
export class SegmentEngine {
  readonly spec: ModelSpec;
  readonly plan: PruningPlan;
  /** Most images of one chunk. */
  readonly chunkSize: number;
  readonly #sessions: SegmentSessions<InferenceSession>;
  readonly #runner: SessionRunner;
  readonly #kernels: Kernels;
  readonly #endsInConvolution: (block: number) => boolean;
  readonly #projections: Projections;
  readonly #products: BlockProducts | undefined;
  readonly #mixer: Mixer;
  readonly #hooks: Hooks;
  readonly #hidden: HiddenSignal | undefined;
  readonly #handOut: HandOut;
  readonly #buffers: Buffers;
  readonly #contributions: boolean;

  /**
   * @param threads inside each matrix product; with `splitImages` also for the kernels
   * @param options.largest most images of one chunk
   * @param options.contributions whether answers tell what the classifier reads of each token
   */
  static async create(
    spec: ModelSpec,
    weights: Weights,
    plan: PruningPlan,
    threads: number,
    options: {
      readonly largest?: number;
      readonly splitImages?: boolean;
      readonly kernels?: KernelChoice;
      readonly contributions?: boolean;
    } = {},
  ): Promise<SegmentEngine> {
    const segments = modelSegments(spec, weights, plan);
    const { projectionSets, share } = segments;
    const arena = new Arena(createMemory(), { limitBytes: 2 ** 32 });
    const kernelThreads = options.splitImages === true ? threads : 1;
    const kernels = await createKernels(arena.memory, {
      implementation: options.kernels ?? kernelChoice(),
      threads: kernelThreads,
    });
    const native = kernels.implementation === 'native';
    const sessions = await openSegments(
      segments,
      spec.depth,
      (model) => createSession(model, threads, { shareCores: true }),
      { products: !native },
    );
    const { size: chunkSize } = chunkFor(spec, projectionSets.length, options.largest);
    const buffers = placeBuffers(arena, spec, projectionSets, chunkSize);
    const runner = await SessionRunner.create();
    const { contributions = false } = options;
    const context = {
      ...{ spec, plan, weights, arena, kernels, buffers, runner, batch: chunkSize, contributions },
    };
    const hooks = mixingOf(spec).hooks(context);
    const hidden = await hiddenSignal(context, hooks, threads);
    const handOut = new HandOut({
      ...context,
      family: hooks,
      ...(hidden !== undefined && { hidden: hidden.region }),
    });
    const projections = native
      ? kernelProjections(context, segments, buffers)
      : sessionProjections(sessions.projections, spec, buffers, runner);
    const products = native ? kernelProducts(context, segments) : undefined;
    const places = mixerPlaces(spec, buffers, handOut.places);
    const mixer = await mixerOver({ ...context, places, share }, kernelThreads);
    const parts = {
      spec,
      plan,
      chunkSize,
      sessions,
      runner,
      kernels,
      ...{ endsInConvolution: segments.endsInConvolution, projections, products },
      mixer,
      hooks,
      hidden,
      handOut,
      buffers,
      contributions,
    };
    return new SegmentEngine(parts);
  }

  constructor(parts: EngineParts) {
    this.spec = parts.spec;
    this.plan = parts.plan;
    this.chunkSize = parts.chunkSize;
    this.#sessions = parts.sessions;
    this.#runner = parts.runner;
    this.#kernels = parts.kernels;
    this.#endsInConvolution = parts.endsInConvolution;
    this.#projections = parts.projections;
    this.#products = parts.products;
    this.#mixer = parts.mixer;
    this.#hooks = parts.hooks;
    this.#hidden = parts.hidden;
    this.#handOut = parts.handOut;
    this.#buffers = parts.buffers;
    this.#contributions = parts.contributions;
  }

  /** What the mixer leaves beside y for the plan's rule; nothing for most. */
  get handsOut(): ExtraPlaces {
    return this.#handOut.places;
  }

  /** @param chunk at most `chunkSize` images */
  async run(chunk: Chunk, stopwatch?: Stopwatch): Promise<ChunkPrediction> {
    const laps = new Laps(stopwatch);
    const { spec, plan } = this;
    const batch = chunk.samples.length;
    if (batch > this.chunkSize)
      throw new RangeError(`a chunk of ${batch} images, at most ${this.chunkSize} fit`);
    const kept = new Map<number, Int32Array>();
    const contributions = new Map<number, BlockContributions>();
    let places = unprunedPlaces(spec, batch);
    this.#hooks.begin();
    let residual = await this.#embed(batch, chunk.pixels);
    laps.end('embed', 0);
    for (let block = 0; block < spec.depth; block++) {
      const step = plan.schedule.findIndex(({ after }) => after === block + 1);
      const job = this.#job(block, batch, places);
      await this.#mix(job, step >= 0, laps);
      const source = (image: number) => this.#handOut.source(image);
      if (step >= 0) await this.#hidden?.run(block, batch * places.length, this.#buffers.y);
      // Before the mixer's output is projected: the streams are still what the rule reads.
      if (step >= 0 || this.#contributions) {
        this.#handOut.begin(job, residual.rows.view(), places.positions);
      }
      if (this.#contributions) {
        contributions.set(block + 1, readImages(spec, block + 1, places, source, chunk.samples));
      }
      const scored = step < 0 ? [] : scoreImages(spec, plan, step, places, source, chunk.samples);
      laps.end('scan', block);
      let streams = await this.#afterMixer(job, residual);
      if (step >= 0) {
        laps.hold();
        const selection = select(plan, places, scored);
        kept.set(block + 1, concatenate(selection.kept));
        if (selection.merging !== undefined) {
          const { streamsApart } = this.#hooks;
          const context = { streamsApart, outProjection: this.#hooks.outProjection(block) };
          mergeStreams(context, streams, selection.merging, places.length);
        }
        if (plan.alignment === 'mask') this.#hooks.mask(streams, selection.places);
        else {
          streams = streams.map((stream) => this.#gather(stream, selection.chosen, places.length));
          this.#arrange(batch, selection.places);
        }
        places = selection.places;
        laps.end('pruning', block);
      }
      if (block === spec.depth - 1) {
        await this.#head(batch, places, streams);
        laps.endHeld('head', block);
      } else {
        residual = await this.#next(block, batch * places.length, streams);
        laps.endHeld('inter-scan', block);
      }
    }
    return {
      logits: this.#buffers.logits.view().slice(0, batch * spec.classes),
      kept,
      ...(this.#contributions && { contributions }),
    };
  }

  async dispose(): Promise<void> {
    await this.#mixer.dispose();
    await this.#hidden?.dispose();
    await releaseSegments(this.#sessions);
  }

  /** pixels → xz of the first block and the residual stream */
  async #embed(batch: number, pixels: Float32Array): Promise<Stream> {
    const { spec } = this;
    const { residuals, xz, pixels: input } = this.#buffers;
    const [rows, spare] = residuals;
    const count = batch * sequenceLength(spec);
    input.view().set(pixels);
    const shape = [batch, spec.inChannels, spec.imageHeight, spec.imageWidth];
    await this.#runner.run(
      this.#sessions.embed,
      { [segmentNames.pixels]: this.#runner.tensor(input, shape) },
      {
        [segmentNames.nextResidual]: this.#runner.tensor(rows, [count, spec.width]),
        ...(this.#products === undefined && {
          [segmentNames.xz]: this.#runner.tensor(xz, [count, 2 * spec.innerWidth]),
        }),
      },
    );
    this.#products?.enter(0, count, rows, spare, xz);
    return { name: 'residual', rows, spare, width: spec.width };
  }

  #job(block: number, batch: number, { length, grid }: Places): MixJob {
    const { spec, plan } = this;
    const pruned = length < sequenceLength(spec);
    return {
      block,
      batch,
      length,
      positionalTaps: pruned && plan.conv === 'positional',
      gaps: pruned && plan.alignment === 'decay',
      columns: grid?.width ?? 0,
    };
  }

  /** Convolution, projections and scan of all directions: xz → y, and what a rule reads if a step follows. */
  async #mix(job: MixJob, scored: boolean, laps: Laps): Promise<void> {
    const { block, batch, length } = job;
    this.#mixer.convolve(job);
    laps.end('convolution', block);

    await this.#projections.run(block, batch * length);
    laps.end('projections', block);

    this.#mixer.scan(job, scored);
  }

  /**
   * The streams that the following segment reads: y and the residual; or, of a block that ends in a convolution on
   * the grid, which must see every token before a step drops some, that convolution's output alone.
   */
  async #afterMixer(job: MixJob, residual: Stream): Promise<readonly Stream[]> {
    const { y, keptY } = this.#buffers;
    const streams: readonly Stream[] = [
      { name: 'y', rows: y, spare: keptY, width: this.spec.innerWidth },
      residual,
    ];
    if (!this.#endsInConvolution(job.block)) return streams;
    const count = job.batch * job.length;
    if (this.#products !== undefined) {
      this.#products.leave(job.block, count, y, residual.rows, residual.spare);
    } else {
      const session = this.#sessions.outProjections.get(job.block)!;
      await this.#runner.run(session, this.#inputs(streams, [count]), {
        [segmentNames.nextResidual]: this.#runner.tensor(residual.spare, [count, residual.width]),
      });
    }
    this.#hooks.convolveLayer(job, residual.spare, residual.rows);
    return [residual];
  }

  /** The residual stream and xz of the following block. */
  async #next(block: number, rows: number, streams: readonly Stream[]): Promise<Stream> {
    const { innerWidth: E, width: d } = this.spec;
    const before = streams.find(({ name }) => name === 'residual')!;
    const residual = swapped(before);
    const { live } = this.#hooks;
    if (this.#products !== undefined && !this.#endsInConvolution(block)) {
      const { rows: y } = streams.find(({ name }) => name === 'y')!;
      this.#products.leave(block, rows, y, before.rows, residual.rows, live);
      this.#products.enter(block + 1, rows, residual.rows, residual.spare, this.#buffers.xz);
      return residual;
    }
    await this.#runner.run(
      this.#sessions.next.get(block)!,
      {
        ...this.#inputs(streams, [rows]),
        ...(live !== undefined && { [segmentNames.live]: this.#runner.tensor(live, [rows, 1]) }),
      },
      {
        [segmentNames.nextResidual]: this.#runner.tensor(residual.rows, [rows, d]),
        [segmentNames.xz]: this.#runner.tensor(this.#buffers.xz, [rows, 2 * E]),
      },
    );
    return residual;
  }

  /** Only the rows that the classifier reads go through the last projection. */
  async #head(batch: number, places: Places, streams: readonly Stream[]): Promise<void> {
    const read = this.#hooks.readByHead(places);
    const rows =
      read === undefined ? streams : streams.map((stream) => this.#gather(stream, read, places.length));
    const axes = this.#hooks.headAxes(batch, read?.[0].length ?? places.length);
    await this.#runner.run(this.#sessions.head, this.#inputs(rows, axes), {
      [segmentNames.logits]: this.#runner.tensor(this.#buffers.logits, [batch, this.spec.classes]),
    });
  }

  #inputs(streams: readonly Stream[], axes: readonly number[]): Tensors {
    return Object.fromEntries(
      streams.map(({ name, rows, width }) => [
        segmentNames[name],
        this.#runner.tensor(rows, [...axes, width]),
      ]),
    );
  }

  /** @param chosen indices of each image's tokens, which has `length` of them */
  #gather(stream: Stream, chosen: readonly Int32Array[], length: number): Stream {
    const { indices } = this.#buffers;
    const { rows, spare, width } = stream;
    const kept = chosen[0].length;
    const view = indices.view();
    for (const [image, tokens] of chosen.entries()) view.set(tokens, image * kept);
    this.#kernels.gatherRows({
      batch: chosen.length,
      length,
      kept,
      width,
      from: { at: rows.at, stride: width },
      to: { at: spare.at, stride: width },
      indices: indices.at,
    });
    return swapped(stream);
  }

  /** Tells the kernels where the tokens stand that are left. */
  #arrange(batch: number, { positions, length, grid }: Places): void {
    const view = this.#buffers.positions.view();
    for (const [image, own] of positions.entries()) {
      view.set(grid === undefined ? own : own.map((_, cell) => cell), image * length);
    }
    this.#mixer.arrange(batch, length, grid?.width ?? 0);
  }
}

function swapped(stream: Stream): Stream {
  return { ...stream, rows: stream.spare, spare: stream.rows };
}
