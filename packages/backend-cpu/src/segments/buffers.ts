/**
 * The activations of one chunk of images inside the kernels' memory. ONNX Runtime reads and writes these very
 * bytes through typed-array views, so nothing is copied between a segment and a kernel.
 */
import { type ModelSpec, sequenceLength } from '@vssm/families';
import type { ProjectionSet } from '@vssm/graph';
import type { Arena, Region, Rows } from '@vssm/kernels';
import type { ExtraPlaces, MixerPlaces } from './mixer.ts';

export type Floats = Region<Float32Array>;

export interface Buffers {
  /** [B, C, H, W] */
  readonly pixels: Floats;
  /** [rows, d], two of them: a segment reads one and writes the other. */
  readonly residuals: readonly [Floats, Floats];
  /** [rows, 2E]: x, then z */
  readonly xz: Floats;
  /** What the projections read and write. */
  readonly sets: readonly SetBuffers[];
  /** [rows, E], before and after a pruning step. */
  readonly y: Floats;
  readonly keptY: Floats;
  /** [rows] positions of the current tokens, and indices of the kept ones */
  readonly positions: Region<Int32Array>;
  readonly indices: Region<Int32Array>;
  /** [B, classes] */
  readonly logits: Floats;
}

/** Of one projection set. */
export interface SetBuffers {
  readonly set: ProjectionSet;
  /** [rows, E] */
  readonly u: Floats;
  readonly delta: Floats;
  /** [rows, r + 2N] */
  readonly projected: Floats;
}

/** Bytes that one image takes, in `sets` projection sets. */
function bytesPerImage(spec: ModelSpec, sets: number): number {
  const { width: d, innerWidth: E, dtRank: r, stateSize: N } = spec;
  const perToken = 2 * d + 2 * E + sets * (2 * E + r + 2 * N) + E + 2;
  const perImage = spec.inChannels * spec.imageHeight * spec.imageWidth + spec.classes;
  return 4 * (sequenceLength(spec) * perToken + perImage);
}

/** Activations of a chunk stay below this, so that the caches hold much of them; larger chunks are slower. */
const chunkBytes = 12 * 2 ** 20;
const largestChunk = 32;

/** Most images of one chunk, and what each takes, bytes. */
export function chunkFor(
  spec: ModelSpec,
  sets: number,
  largest = largestChunk,
): { readonly size: number; readonly bytes: number } {
  const bytes = bytesPerImage(spec, sets);
  return { size: Math.max(1, Math.min(largest, Math.floor(chunkBytes / bytes))), bytes };
}

/** @param batch most images at once */
export function placeBuffers(
  arena: Arena,
  spec: ModelSpec,
  projectionSets: readonly ProjectionSet[],
  batch: number,
): Buffers {
  const { width: d, innerWidth: E, dtRank: r, stateSize: N } = spec;
  const rows = batch * sequenceLength(spec);
  const sets = projectionSets.map((set) => ({
    set,
    u: arena.float32(rows * E),
    delta: arena.float32(rows * E),
    projected: arena.float32(rows * (r + 2 * N)),
  }));
  return {
    pixels: arena.float32(batch * spec.inChannels * spec.imageHeight * spec.imageWidth),
    residuals: [arena.float32(rows * d), arena.float32(rows * d)],
    xz: arena.float32(rows * 2 * E),
    sets,
    y: arena.float32(rows * E),
    // The convolved input has been read when a step gathers y.
    keptY: sets[0].u,
    positions: arena.int32(rows),
    indices: arena.int32(rows),
    logits: arena.float32(batch * spec.classes),
  };
}

/** The buffers as a mixer that has the first channel sees them. */
export function mixerPlaces(
  { innerWidth: E, dtRank: r, stateSize: N }: ModelSpec,
  buffers: Buffers,
  extras: ExtraPlaces = {},
): MixerPlaces {
  const { xz, sets, y, positions } = buffers;
  const from = ({ at }: Floats, stride: number, column = 0): Rows => ({ at: at + 4 * column, stride });
  return {
    x: from(xz, 2 * E),
    z: from(xz, 2 * E, E),
    sets: sets.map(({ u, delta, projected }) => ({
      u: from(u, E),
      delta: from(delta, E),
      projected: { at: projected.at, stride: r + 2 * N },
    })),
    y: from(y, E),
    positions,
    extras,
  };
}
