/**
 * Merging between two segments, in place: what joins a token is added to its row, in each stream. The output projection
 * comes after, which changes nothing where the parts of a row sum to one; where they do not, the projection's bias
 * belongs to each of them and is added to the residual.
 */
import { combination, type StreamName } from '@vssm/core';
import type { Merging } from '@vssm/core/reference';
import type { Projection, Stream } from './family.ts';

export interface MergeContext {
  /** Whether the block's output and the residual stay apart until the next block's norm. */
  readonly streamsApart: boolean;
  readonly outProjection: Projection;
}

/** @param length tokens of each image */
export function mergeStreams(
  { streamsApart, outProjection: { bias } }: MergeContext,
  streams: readonly Stream[],
  merging: readonly Merging[],
  length: number,
): void {
  const residual = streams.find(({ name }) => name === 'residual')!;
  for (const [image, { operation, pairs, sizes }] of merging.entries()) {
    for (const { name, rows, width } of streams) {
      const kind: StreamName = streamsApart && name === 'residual' ? 'residual' : 'output';
      const { own, shares } = combination(operation, kind, pairs, sizes);
      const view = rows.view();
      const first = image * length;
      const targets = new Set(pairs.map(([, to]) => to));
      for (const to of targets) scaleRow(view, (first + to) * width, width, own[to]);
      for (const [i, [from, to]] of pairs.entries()) {
        if (shares[i] !== 0) addRow(view, (first + to) * width, (first + from) * width, width, shares[i]);
      }
      if (name !== 'y' || bias === undefined) continue;
      const parts = own.slice();
      for (const [i, [, to]] of pairs.entries()) parts[to] += shares[i];
      for (const to of targets) addBias(residual, first + to, bias, parts[to] - 1);
    }
  }
}

function scaleRow(view: Float32Array, at: number, width: number, factor: number): void {
  if (factor === 1) return;
  for (let i = at; i < at + width; i++) view[i] *= factor;
}

function addRow(view: Float32Array, to: number, from: number, width: number, share: number): void {
  for (let i = 0; i < width; i++) view[to + i] += share * view[from + i];
}

function addBias({ rows, width }: Stream, row: number, bias: Float32Array, times: number): void {
  // Of a mean the parts sum to one but for rounding.
  if (Math.abs(times) < 1e-9) return;
  const view = rows.view();
  for (let i = 0; i < width; i++) view[row * width + i] += times * bias[i];
}
