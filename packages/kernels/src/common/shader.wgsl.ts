/**
 * What a WGSL kernel is to its caller: code, what to bind in which order, and how many workgroups to send. Widths
 * are constants of the code; lengths come from a uniform, so that one pipeline serves every batch and every
 * schedule.
 */
import type { ScoreOrder } from '@vssm/core';

/** What stands behind one binding of group 0, in order from binding 0. `write` may be read as well. */
export type Binding = 'uniform' | 'read' | 'write';

export interface Shader {
  readonly label: string;
  /** The entry point is `main`. */
  readonly code: string;
  readonly bindings: readonly Binding[];
}

/** Workgroups in x, y and z. */
export type Grid = readonly [number, number, number];

/** Lanes of a workgroup in every kernel here. */
export const lanes = 64;

/** Storage buffers that the hungriest kernel binds; WebGPU promises 8. */
export const mostStorageBuffers = 8;

/** Workgroups that every adapter allows in one direction of the grid. */
export const largestGrid = 65535;

export function tilesOf(width: number): number {
  return Math.ceil(width / lanes);
}

/** One invocation per channel, token and image. */
export function rowGrid(width: number, tokens: number, batch: number): Grid {
  return [tilesOf(width), tokens, batch];
}

/** Binding 0 of every kernel that works on sequences. */
export interface SequenceShape {
  /** Tokens L of every image now. */
  readonly length: number;
  /** Tokens K after the next pruning step. */
  readonly kept: number;
  /**
   * Numbers from one image's positions to the next's, where the convolution's taps and the scan's gaps look them
   * up: L for positions of each image's own, 0 for one row 0, 1, 2 … that all share (compact taps, no gaps).
   */
  readonly tapStride: number;
  readonly gapStride: number;
  /** Whose score ranks a token at the next step. Default: aligned. */
  readonly order?: ScoreOrder;
  /** P: of the kept tokens, how many stay whatever their score: class token, registers. Default: 1. */
  readonly protectedTokens?: number;
}

/** The uniform that `SequenceShape` is on the device, six uint32. */
export function encodeShape(shape: SequenceShape): Uint32Array<ArrayBuffer> {
  const { length, kept, tapStride, gapStride, order, protectedTokens = 1 } = shape;
  const mirrored = order === 'mirrored' ? 1 : 0;
  return Uint32Array.of(length, kept, tapStride, gapStride, mirrored, protectedTokens);
}

/** Declares the bindings in order: one name and WGSL type each. */
function declare(bindings: readonly [Binding, string, string][]): string {
  const spaces = { uniform: 'uniform', read: 'storage, read', write: 'storage, read_write' } as const;
  return bindings
    .map(([kind, name, type], at) => `@group(0) @binding(${at}) var<${spaces[kind]}> ${name}: ${type};`)
    .join('\n');
}

const shapeStruct = `struct Shape {
  length: u32,
  kept: u32,
  tapStride: u32,
  gapStride: u32,
  mirrored: u32,
  /** Of the kept, those that stay whatever their rank. */
  protectedTokens: u32,
}`;

export function shader(label: string, bindings: readonly [Binding, string, string][], body: string): Shader {
  return {
    label,
    bindings: bindings.map(([kind]) => kind),
    code: `${shapeStruct}\n${declare(bindings)}\n${body}`,
  };
}
