/**
 * The activations of one chunk of images inside the kernels' memory. ONNX Runtime reads and writes these very
 * bytes through typed-array views, so nothing is copied between a segment and a kernel.
 */
import { type Direction, sequenceLength, type VimSpec } from '@vssm/core';
import type { Arena, Region, Rows } from '@vssm/kernels';
import type { MixerPlaces } from './mixer.ts';

type Floats = Region<Float32Array>;

export interface Buffers {
  /** [B, C, H, W] */
  readonly pixels: Floats;
  /** [rows, d], two of them: a segment reads one and writes the other. */
  readonly residuals: readonly [Floats, Floats];
  /** [rows, 2E]: x, then z */
  readonly xz: Floats;
  /** [rows, E] of both directions */
  readonly u: Readonly<Record<Direction, Floats>>;
  readonly delta: Readonly<Record<Direction, Floats>>;
  /** [rows, r + 2N] */
  readonly projected: Readonly<Record<Direction, Floats>>;
  /** [rows, E], before and after a pruning step. */
  readonly y: Floats;
  readonly keptY: Floats;
  /** [rows], token scores */
  readonly scores: Floats;
  /** [rows] positions of the current tokens, and indices of the kept ones */
  readonly positions: Region<Int32Array>;
  readonly indices: Region<Int32Array>;
  /** [B, classes] */
  readonly logits: Floats;
}

/** Bytes that one image takes. */
export function bytesPerImage(spec: VimSpec): number {
  const { width: d, innerWidth: E, dtRank: r, stateSize: N } = spec;
  const perToken = 2 * d + 2 * E + 4 * E + 2 * (r + 2 * N) + E + 3;
  const perImage = spec.inChannels * spec.imageHeight * spec.imageWidth + spec.classes;
  return 4 * (sequenceLength(spec) * perToken + perImage);
}

/** @param batch most images at once */
export function placeBuffers(arena: Arena, spec: VimSpec, batch: number): Buffers {
  const { width: d, innerWidth: E, dtRank: r, stateSize: N } = spec;
  const rows = batch * sequenceLength(spec);
  const both = (width: number) => ({
    forward: arena.float32(rows * width),
    backward: arena.float32(rows * width),
  });
  const u = both(E);
  return {
    pixels: arena.float32(batch * spec.inChannels * spec.imageHeight * spec.imageWidth),
    residuals: [arena.float32(rows * d), arena.float32(rows * d)],
    xz: arena.float32(rows * 2 * E),
    u,
    delta: both(E),
    projected: both(r + 2 * N),
    y: arena.float32(rows * E),
    // The convolved input has been read when a step gathers y.
    keptY: u.forward,
    scores: arena.float32(rows),
    positions: arena.int32(rows),
    indices: arena.int32(rows),
    logits: arena.float32(batch * spec.classes),
  };
}

/** The buffers as the kernels see them, all channels. */
export function mixerPlaces(
  { innerWidth: E, dtRank: r, stateSize: N }: VimSpec,
  buffers: Buffers,
): MixerPlaces {
  const both = (regions: Readonly<Record<Direction, Floats>>, stride: number): Record<Direction, Rows> => ({
    forward: { at: regions.forward.at, stride },
    backward: { at: regions.backward.at, stride },
  });
  return {
    x: { at: buffers.xz.at, stride: 2 * E },
    z: { at: buffers.xz.at + 4 * E, stride: 2 * E },
    u: both(buffers.u, E),
    delta: both(buffers.delta, E),
    projected: both(buffers.projected, r + 2 * N),
    y: { at: buffers.y.at, stride: E },
    positions: buffers.positions.at,
    scores: buffers.scores.at,
  };
}
