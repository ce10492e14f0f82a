/** The segments of a family of bidirectional blocks as traces; see SegmentTraces. */
import type { Direction } from '@vssm/core';
import {
  type BidirectionalSpec,
  type BidirectionalTraits,
  fullLength,
  patchCount,
  readWidth,
} from '@vssm/families';
import { Trace, type Value } from '../autodiff/trace.ts';
import type { HeadShape, SegmentTraces, Selection } from '../family.ts';
import { selected } from '../selected.ts';
import { patchSizeOf } from './patches.ts';

export const directions: readonly Direction[] = ['forward', 'backward'];

export function bidirectionalTraces<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
): SegmentTraces<Spec> {
  return {
    embed: (spec, batch) => embedTrace(traits, spec, batch),
    projections: projectionTrace,
    next: (spec, rows, selection) => nextTrace(traits, spec, rows, selection),
    head: (spec, shape) => headTrace(traits, spec, shape),
  };
}

/** patches, weights → residual [rows, d] and xz [rows, 2E] of the first block */
function embedTrace<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
  batch: number,
): Trace {
  const { width: d } = spec;
  const g = new Trace('embed');
  const count = patchCount(spec);
  const apart = traits.positionEmbedding === 'apart';
  const weight = g.input('patch_weight', [d, patchSizeOf(spec)]);
  const product = g.gemm(g.input('patches', [batch * count, patchSizeOf(spec)]), weight, { transB: true });
  const projected = g.reshape(g.add(product, g.input('patch_bias', [d])), [batch, count, d]);
  const patches = apart ? g.add(projected, g.input('pos_embed', [1, count, d])) : projected;
  const shape = [1, traits.protectedTokens(spec).length, d];
  const token = g.input('cls_token', shape);
  const own = apart ? g.add(token, g.input('pos_embed_cls', shape)) : token;
  const length = fullLength(traits, spec);
  const tokens = interleaved(g, traits, spec, g.expand(own, [batch, ...shape.slice(1)]), patches);
  const sequence = apart ? tokens : g.add(tokens, g.input('pos_embed', [1, length, d]));
  withInProjection(g, spec, g.reshape(sequence, [batch * length, d]));
  return g;
}

/** Protected tokens [B, R, d] at their places among the patches [B, M, d]: [B, L0, d]. */
function interleaved<Spec extends BidirectionalSpec>(
  g: Trace,
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
  own: Value,
  patches: Value,
): Value {
  const places = traits.protectedTokens(spec);
  const ends = [...places, fullLength(traits, spec)];
  const between = ends.map((end, i) => end - (i === 0 ? 0 : ends[i - 1] + 1));
  const groups = parts(g, patches, between);
  const tokens = parts(
    g,
    own,
    places.map(() => 1),
  );
  return g.concat(
    groups.flatMap((group, i) => [...group, ...(tokens[i] ?? [])]),
    1,
  );
}

/** Cut along the second axis; a part of no size is left out. */
function parts(g: Trace, x: Value, sizes: readonly number[]): Value[][] {
  const real = sizes.filter((size) => size > 0);
  const values = real.length === 1 ? [x] : g.split(x, 1, real);
  let next = 0;
  return sizes.map((size) => (size > 0 ? [values[next++]] : []));
}

/**
 * u of both directions → projected [rows, r + 2N] and delta [rows, E] of both.
 *
 * @param passing adds outputs `passed_<direction>`, u itself, so that the gradient can start there too
 */
function projectionTrace(spec: BidirectionalSpec, rows: number, passing: boolean): Trace {
  const { innerWidth: E, dtRank: r, stateSize: N } = spec;
  const g = new Trace('projections');
  for (const direction of directions) {
    const u = g.input(`u_${direction}`, [rows, E]);
    const projected = g.gemm(u, g.input(`x_proj_${direction}`, [r + 2 * N, E]), { transB: true });
    const [dt] = g.split(projected, 1, [r, 2 * N]);
    g.output(`projected_${direction}`, projected);
    g.output(`delta_${direction}`, g.gemm(dt, g.input(`dt_proj_${direction}`, [E, r]), { transB: true }));
    if (passing) g.output(`passed_${direction}`, u);
  }
  return g;
}

/** y, residual → residual and xz of the next block */
function nextTrace(
  { share }: Pick<BidirectionalTraits, 'share'>,
  spec: BidirectionalSpec,
  rows: number,
  selection: Selection,
): Trace {
  const g = new Trace('next');
  withInProjection(g, spec, outProjection(g, spec, share, rows, selected(g, selection, rows)));
  return g;
}

/** y and residual of all tokens, rows of the protected tokens, targets → logits and loss. */
function headTrace<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  spec: Spec,
  { rows, batch, selection, scale }: HeadShape,
): Trace {
  const { width: d, classes } = spec;
  const g = new Trace('head');
  const tokens = outProjection(g, spec, traits.share, rows, selected(g, selection, rows));
  const normed = g.rmsNorm(tokens, g.input('norm_f', [d]));
  const narrow = readWidth(traits, spec);
  const wide = narrow * traits.protectedTokens(spec).length;
  const narrowed = narrow === d ? normed : g.gemm(normed, g.input('neck', [narrow, d]), { transB: true });
  const sideBySide = wide === narrow ? narrowed : g.reshape(narrowed, [batch, wide]);
  const feature = narrow === d ? sideBySide : g.rmsNorm(sideBySide, g.input('norm_neck', [wide]));
  const product = g.gemm(feature, g.input('head_weight', [classes, wide]), { transB: true });
  const logits = g.add(product, g.input('head_bias', [classes]));
  g.output('logits', logits);
  g.output('loss', g.crossEntropy(logits, g.input('target', [batch, classes]), scale));
  return g;
}

/** residual + share · y Wᵀ: what a direction counts in the sum of both is folded into the factor. */
function outProjection(
  g: Trace,
  spec: BidirectionalSpec,
  share: number,
  rows: number,
  select: (stream: Value) => Value,
): Value {
  const { width: d, innerWidth: E } = spec;
  const y = select(g.input('y', [rows, E]));
  const residual = select(g.input('residual', [rows, d]));
  return g.add(residual, g.gemm(y, g.input('out_proj', [d, E]), { transB: true, alpha: share }));
}

function withInProjection(g: Trace, { width: d, innerWidth: E }: BidirectionalSpec, residual: Value): void {
  g.output('next_residual', residual);
  const normed = g.rmsNorm(residual, g.input('norm', [d]));
  g.output('xz', g.gemm(normed, g.input('in_proj', [2 * E, d]), { transB: true }));
}
