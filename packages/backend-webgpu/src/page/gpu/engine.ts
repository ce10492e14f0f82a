/**
 * The `segments` form on a GPU: ONNX Runtime computes norms and matrix products, our WGSL kernels compute
 * convolution, scan, gate, scores and selection, all on buffers of one device. Between the pixels that go up and
 * the one read-back at the end nothing comes down, kept tokens included: their number is known, their identity
 * stays on the device.
 */
import type { Chunk, ChunkPrediction } from '@vssm/backend';
import { counted, drawScores, refuseAllButRanking } from '@vssm/core';
import { sequenceLength } from '@vssm/families';
import { modelSegments } from '@vssm/families/graph';
import { openSegments, releaseSegments, type SegmentSessions, segmentNames } from '@vssm/graph';
import type { InferenceSession, OnnxValue } from 'onnxruntime-web';
import type { Model } from '../../wire.ts';
import { allBuffers, type Buffers, chunkSizeFor, createBuffers } from './buffers.ts';
import { type SharedDevice, watched } from './device.ts';
import { Kernels } from './dispatch.ts';
import type { Mixer } from './mixer.ts';
import { createSession, keepDevice, Tensor } from './ort.ts';
import { createPhases, type Phases } from './phases.ts';
import { type BlockProgram, layOutProgram, type Program } from './program.ts';
import { createMixer } from './table.ts';

/** One pipeline per kernel and device, whichever models use it. */
const kernelsOf = new WeakMap<GPUDevice, Kernels>();

interface Parts {
  readonly device: GPUDevice;
  readonly model: Model;
  readonly chunkSize: number;
  readonly sessions: SegmentSessions<InferenceSession>;
  readonly kernels: Kernels;
  readonly buffers: Buffers;
  readonly phases: Phases;
  readonly mixer: Mixer;
  readonly program: Program;
}

async function assemble(device: GPUDevice, model: Model, chunkSize: number): Promise<Parts> {
  const { spec, weights, plan } = model;
  refuseAllButRanking(plan, 'WebGPU');
  const segments = modelSegments(spec, weights, plan);
  const sessions = await openSegments(segments, spec.depth, (bytes) => createSession(device, bytes));
  const kernels = kernelsOf.get(device) ?? new Kernels(device);
  kernelsOf.set(device, kernels);
  const buffers = createBuffers(device, spec, plan, segments.projectionSets, chunkSize);
  const phases = createPhases(device, spec, plan, chunkSize);
  const mixer = createMixer({
    device,
    kernels,
    spec,
    weights,
    plan,
    batch: chunkSize,
    buffers,
    phases: phases.phases,
    share: segments.share,
  });
  const program = layOutProgram(kernels, spec, plan, buffers, phases.phases, mixer);
  kernels.submit(mixer.setup, chunkSize);
  return { device, model, chunkSize, sessions, kernels, buffers, phases, mixer, program };
}

export class GpuEngine {
  readonly chunkSize: number;
  readonly #parts: Parts;
  readonly #readBack: GPUBuffer;

  /** @throws DeviceError `adapter-too-small`, `out-of-memory` */
  static async create({ device }: SharedDevice, model: Model): Promise<GpuEngine> {
    const chunkSize = chunkSizeFor(model.spec, model.plan, device.limits);
    const what = `a model of ${counted(model.spec.depth, 'block')} and ${counted(chunkSize, 'image')} at once`;
    let engine: GpuEngine | undefined;
    try {
      return await watched(device, what, async () => {
        await keepDevice(device);
        engine = new GpuEngine(await assemble(device, model, chunkSize));
        return engine;
      });
    } catch (error) {
      await engine?.dispose();
      throw error;
    }
  }

  constructor(parts: Parts) {
    this.#parts = parts;
    this.chunkSize = parts.chunkSize;
    const { spec, plan } = parts.model;
    const keptPerImage = plan.schedule.reduce((sum, _, step) => sum + parts.phases.phases[step].kept, 0);
    this.#readBack = parts.device.createBuffer({
      label: 'read-back',
      size: 4 * parts.chunkSize * (spec.classes + keptPerImage),
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
  }

  /** @param chunk at most `chunkSize` images */
  async run(chunk: Chunk): Promise<ChunkPrediction> {
    const { model, sessions, kernels, buffers, program } = this.#parts;
    const { spec } = model;
    const { width: d, innerWidth: E, inChannels, imageHeight, imageWidth } = spec;
    const [first] = program.blocks;
    const batch = chunk.samples.length;
    this.#upload(chunk);

    await sessions.embed.run(
      { [segmentNames.pixels]: this.#tensor(buffers.pixels, [batch, inChannels, imageHeight, imageWidth]) },
      {
        [segmentNames.nextResidual]: this.#tensor(buffers.residuals[0], [batch * first.length, d]),
        [segmentNames.xz]: this.#tensor(buffers.xz, [batch * first.length, 2 * E]),
      },
    );
    for (const [block, own] of program.blocks.entries()) {
      kernels.submit(own.before, batch);
      await this.#project(block, batch * own.length);
      kernels.submit(own.after, batch);
      await this.#endBlock(block, own, batch);
      if (block < spec.depth - 1) await this.#next(block, own, batch * own.lengthAfter);
    }
    await this.#classify(batch);
    return this.#download(batch);
  }

  async dispose(): Promise<void> {
    const { buffers, phases, mixer, sessions } = this.#parts;
    const own = [...allBuffers(buffers), ...phases.buffers, ...mixer.buffers, this.#readBack];
    for (const buffer of own) buffer.destroy();
    await releaseSegments(sessions);
  }

  #upload({ pixels, samples }: Chunk): void {
    const { device, buffers, model } = this.#parts;
    device.queue.writeBuffer(buffers.pixels, 0, pixels as Float32Array<ArrayBuffer>);
    if (model.plan.signal !== 'random') return;
    const drawn = drawScores(model.plan, samples, sequenceLength(model.spec));
    device.queue.writeBuffer(buffers.drawn, 0, drawn as Float32Array<ArrayBuffer>);
  }

  /** u → Δ, B and C of every set */
  async #project(block: number, rows: number): Promise<void> {
    const { model, sessions, buffers } = this.#parts;
    const { innerWidth: E, dtRank: r, stateSize: N } = model.spec;
    const inputs: Record<string, OnnxValue> = {};
    const outputs: Record<string, OnnxValue> = {};
    for (const { set, u, projected, delta } of buffers.sets) {
      inputs[segmentNames.u(set)] = this.#tensor(u, [rows, E]);
      outputs[segmentNames.projected(set)] = this.#tensor(projected, [rows, r + 2 * N]);
      outputs[segmentNames.delta(set)] = this.#tensor(delta, [rows, E]);
    }
    await sessions.projections[block].run(inputs, outputs);
  }

  /** The output projection and the convolution after it, of blocks that have one. */
  async #endBlock(block: number, { length, ending }: BlockProgram, batch: number): Promise<void> {
    if (ending === undefined) return;
    const { model, sessions, kernels } = this.#parts;
    const { width: d, innerWidth: E } = model.spec;
    const rows = batch * length;
    await sessions.outProjections.get(block)!.run(
      {
        [segmentNames.y]: this.#tensor(ending.y, [rows, E]),
        [segmentNames.residual]: this.#tensor(ending.residual, [rows, d]),
      },
      { [segmentNames.nextResidual]: this.#tensor(ending.nextResidual, [rows, d]) },
    );
    kernels.submit(ending.after, batch);
  }

  async #next(block: number, { y, residual, nextResidual, live }: BlockProgram, rows: number): Promise<void> {
    const { model, sessions, buffers } = this.#parts;
    const { width: d, innerWidth: E } = model.spec;
    await sessions.next.get(block)!.run(
      {
        ...(y !== undefined && { [segmentNames.y]: this.#tensor(y, [rows, E]) }),
        [segmentNames.residual]: this.#tensor(residual, [rows, d]),
        ...(live !== undefined && { [segmentNames.live]: this.#tensor(live, [rows, 1]) }),
      },
      {
        [segmentNames.nextResidual]: this.#tensor(nextResidual, [rows, d]),
        [segmentNames.xz]: this.#tensor(buffers.xz, [rows, 2 * E]),
      },
    );
  }

  async #classify(batch: number): Promise<void> {
    const { model, sessions, kernels, buffers, program } = this.#parts;
    const { width: d, innerWidth: E, classes } = model.spec;
    const { dispatches, y, residual, axes } = program.head;
    kernels.submit(dispatches, batch);
    const rows = axes(batch);
    await sessions.head.run(
      {
        ...(y !== undefined && { [segmentNames.y]: this.#tensor(y, [...rows, E]) }),
        [segmentNames.residual]: this.#tensor(residual, [...rows, d]),
      },
      { [segmentNames.logits]: this.#tensor(buffers.logits, [batch, classes]) },
    );
  }

  /** The only wait for the device: logits and kept positions in one mapped buffer. */
  async #download(batch: number): Promise<ChunkPrediction> {
    const { model, device, buffers, phases } = this.#parts;
    const encoder = device.createCommandEncoder();
    const spans: { readonly at: number; readonly count: number }[] = [];
    let at = 0;
    const copy = (from: GPUBuffer, count: number) => {
      encoder.copyBufferToBuffer(from, 0, this.#readBack, at, 4 * count);
      spans.push({ at, count });
      at += 4 * count;
    };
    copy(buffers.logits, batch * model.spec.classes);
    for (const step of model.plan.schedule.keys()) {
      const { next, kept } = phases.phases[step];
      copy(next.positions, batch * kept);
    }
    device.queue.submit([encoder.finish()]);
    await this.#readBack.mapAsync(GPUMapMode.READ, 0, at);
    const bytes = this.#readBack.getMappedRange(0, at).slice(0);
    this.#readBack.unmap();
    const [logits, ...kept] = spans;
    return {
      logits: new Float32Array(bytes, logits.at, logits.count),
      kept: new Map(
        model.plan.schedule.map(({ after }, step) => [
          after,
          new Int32Array(bytes, kept[step].at, kept[step].count),
        ]),
      ),
    };
  }

  #tensor(gpuBuffer: GPUBuffer, dims: readonly number[]): OnnxValue {
    return Tensor.fromGpuBuffer(gpuBuffer, { dataType: 'float32', dims });
  }
}
