/** The activations of one chunk of images on the device. ONNX Runtime and the kernels use the same buffers. */
import { DeviceError } from '@vssm/backend';
import type { PruningPlan } from '@vssm/core';
import { type ModelSpec, sequenceLength, tokenLayout } from '@vssm/families';
import type { ProjectionSet } from '@vssm/graph';
import { largestGrid } from '@vssm/kernels/wgsl';

/** What the projections of one set read and write. */
export interface SetBuffers {
  readonly set: ProjectionSet;
  /** [rows, E] each */
  readonly u: GPUBuffer;
  readonly delta: GPUBuffer;
  /** [rows, r + 2N] */
  readonly projected: GPUBuffer;
}

export interface Buffers {
  /** [B, C, H, W] */
  readonly pixels: GPUBuffer;
  /** [rows, d], two of them: a segment reads one and writes the other. */
  readonly residuals: readonly [GPUBuffer, GPUBuffer];
  /** [rows, 2E]: x, then z */
  readonly xz: GPUBuffer;
  /** Vim's forward and backward, or the one that PlainMamba's directions share. */
  readonly sets: readonly SetBuffers[];
  /** [rows, E], before and after a pruning step */
  readonly y: GPUBuffer;
  readonly keptY: GPUBuffer;
  /** [rows, E]: what the plan's rule reads, where it is not y */
  readonly signal: GPUBuffer;
  /** [B, L] */
  readonly scores: GPUBuffer;
  /** [B, steps, L0]: scores of the `random` signal */
  readonly drawn: GPUBuffer;
  /** [B, K] indices into the sequence before a step */
  readonly indices: GPUBuffer;
  /** [B, E]: what the `evit` signal compares with */
  readonly reference: GPUBuffer;
  /** [B, P, E] and [B, P, d]: rows of the protected tokens after the last block */
  readonly headY: GPUBuffer;
  readonly headResidual: GPUBuffer;
  /** [B, classes] */
  readonly logits: GPUBuffer;
}

/** What the last pass of a scan has to leave beside y for the plan's rule. */
export function leftSignal({ signal, schedule }: PruningPlan): 'ssm' | 'gated-backward' | undefined {
  return schedule.length > 0 && (signal === 'ssm' || signal === 'gated-backward') ? signal : undefined;
}

/** Floats of each buffer for one image. */
function floatsPerImage(spec: ModelSpec, plan: PruningPlan) {
  const { width: d, innerWidth: E, dtRank: r, stateSize: N } = spec;
  const L = sequenceLength(spec);
  const read = tokenLayout(spec).protectedTokens.length;
  return {
    pixels: spec.inChannels * spec.imageHeight * spec.imageWidth,
    residual: L * d,
    xz: L * 2 * E,
    inner: L * E,
    projected: L * (r + 2 * N),
    signal: leftSignal(plan) === undefined ? 1 : L * E,
    scores: L,
    drawn: plan.signal === 'random' ? plan.schedule.length * L : 1,
    reference: E,
    headY: read * E,
    headResidual: read * d,
    logits: spec.classes,
  };
}

/** Activations of a chunk stay below this; larger chunks gain nothing once the matrix products are busy. */
const chunkBytes = 1 << 29;
const largestChunk = 64;

/**
 * Most images of one chunk.
 *
 * @throws DeviceError `adapter-too-small` when not even one image fits
 */
export function chunkSizeFor(
  spec: ModelSpec,
  plan: PruningPlan,
  limits: Pick<GPUSupportedLimits, 'maxStorageBufferBindingSize' | 'maxBufferSize'>,
): number {
  const floats = floatsPerImage(spec, plan);
  const limit = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  for (const [name, count] of Object.entries(floats)) {
    if (4 * count > limit) {
      throw new DeviceError(
        'adapter-too-small',
        `WebGPU adapter: buffers of at most ${limit} bytes, but "${name}" of one image takes ${4 * count}`,
      );
    }
  }
  if (sequenceLength(spec) > largestGrid) {
    throw new DeviceError(
      'adapter-too-small',
      `WebGPU: sequences of ${sequenceLength(spec)} tokens, at most ${largestGrid} are possible`,
    );
  }
  const { pixels, residual, xz, inner, projected } = floats;
  const perImage = 4 * (pixels + 2 * residual + xz + 6 * inner + 2 * projected + floats.signal);
  const largest = 4 * Math.max(...Object.values(floats));
  return Math.max(1, Math.min(largestChunk, Math.floor(limit / largest), Math.floor(chunkBytes / perImage)));
}

export function createBuffers(
  device: GPUDevice,
  spec: ModelSpec,
  plan: PruningPlan,
  projectionSets: readonly ProjectionSet[],
  batch: number,
): Buffers {
  const floats = floatsPerImage(spec, plan);
  const make = (name: keyof typeof floats) => storageBuffer(device, name, 4 * batch * floats[name]);
  const sets = projectionSets.map((set) => ({
    set,
    u: make('inner'),
    delta: make('inner'),
    projected: make('projected'),
  }));
  return {
    pixels: make('pixels'),
    residuals: [make('residual'), make('residual')],
    xz: make('xz'),
    sets,
    y: make('inner'),
    // The convolved input has been read when a step gathers y.
    keptY: sets[0].u,
    signal: make('signal'),
    scores: make('scores'),
    drawn: make('drawn'),
    indices: make('scores'),
    reference: make('reference'),
    headY: make('headY'),
    headResidual: make('headResidual'),
    logits: make('logits'),
  };
}

/** Every one of them, once. */
export function allBuffers({ residuals, sets, ...others }: Buffers): readonly GPUBuffer[] {
  const ofSets = sets.flatMap(({ u, delta, projected }) => [u, delta, projected]);
  return [...new Set([...residuals, ...ofSets, ...Object.values(others)])];
}

/** ONNX Runtime reads whole vectors of 4 floats, so sizes are rounded up to 16 bytes. */
export function storageBuffer(device: GPUDevice, label: string, bytes: number): GPUBuffer {
  return device.createBuffer({
    label,
    size: Math.max(1, Math.ceil(bytes / 16)) * 16,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
}

/** A buffer that holds `data` for good. */
export function filledBuffer(
  device: GPUDevice,
  label: string,
  data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
  usage: number = GPUBufferUsage.STORAGE,
): GPUBuffer {
  const buffer = device.createBuffer({
    label,
    size: Math.max(16, data.byteLength),
    usage: usage | GPUBufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(buffer, 0, data);
  return buffer;
}
