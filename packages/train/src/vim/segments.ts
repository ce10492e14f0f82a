/** Vim's segments as traces; see SegmentTraces. */
import type { Direction } from '@vssm/core';
import { classTokenPosition, patchCount, sequenceLength, type VimSpec } from '@vssm/families';
import { Trace, type Value } from '../autodiff/trace.ts';
import type { HeadShape, SegmentTraces, Selection } from '../family.ts';
import { selected } from '../selected.ts';
import { patchSizeOf } from './patches.ts';

export const directions: readonly Direction[] = ['forward', 'backward'];

export const vimSegments: SegmentTraces<VimSpec> = {
  embed: embedTrace,
  projections: projectionTrace,
  next: nextTrace,
  head: headTrace,
};

/** patches, weights → residual [rows, d] and xz [rows, 2E] of the first block */
function embedTrace(spec: VimSpec, batch: number): Trace {
  const { width: d } = spec;
  const g = new Trace('embed');
  const patches = patchCount(spec);
  const middle = classTokenPosition(spec);
  const weight = g.input('patch_weight', [d, patchSizeOf(spec)]);
  const product = g.gemm(g.input('patches', [batch * patches, patchSizeOf(spec)]), weight, { transB: true });
  const projected = g.reshape(g.add(product, g.input('patch_bias', [d])), [batch, patches, d]);
  const [before, after] = g.split(projected, 1, [middle, patches - middle]);
  const classToken = g.expand(g.input('cls_token', [1, 1, d]), [batch, 1, d]);
  const length = sequenceLength(spec);
  const tokens = g.add(g.concat([before, classToken, after], 1), g.input('pos_embed', [1, length, d]));
  withInProjection(g, spec, g.reshape(tokens, [batch * length, d]));
  return g;
}

/**
 * u of both directions → projected [rows, r + 2N] and delta [rows, E] of both.
 *
 * @param passing adds outputs `passed_<direction>`, u itself, so that the gradient can start there too
 */
function projectionTrace(spec: VimSpec, rows: number, passing: boolean): Trace {
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
function nextTrace(spec: VimSpec, rows: number, selection: Selection): Trace {
  const g = new Trace('next');
  withInProjection(g, spec, outProjection(g, spec, rows, selected(g, selection, rows)));
  return g;
}

/** y and residual of all tokens, rows of the class tokens, targets → logits and loss. */
function headTrace(spec: VimSpec, { rows, batch, selection, scale }: HeadShape): Trace {
  const { width: d, classes } = spec;
  const g = new Trace('head');
  const token = outProjection(g, spec, rows, selected(g, selection, rows));
  const feature = g.rmsNorm(token, g.input('norm_f', [d]));
  const product = g.gemm(feature, g.input('head_weight', [classes, d]), { transB: true });
  const logits = g.add(product, g.input('head_bias', [classes]));
  g.output('logits', logits);
  g.output('loss', g.crossEntropy(logits, g.input('target', [batch, classes]), scale));
  return g;
}

/** residual + y Wᵀ / 2, the mean of the two directions folded into the factor. */
function outProjection(g: Trace, spec: VimSpec, rows: number, select: (stream: Value) => Value): Value {
  const { width: d, innerWidth: E } = spec;
  const y = select(g.input('y', [rows, E]));
  const residual = select(g.input('residual', [rows, d]));
  return g.add(residual, g.gemm(y, g.input('out_proj', [d, E]), { transB: true, alpha: 0.5 }));
}

function withInProjection(g: Trace, { width: d, innerWidth: E }: VimSpec, residual: Value): void {
  g.output('next_residual', residual);
  const normed = g.rmsNorm(residual, g.input('norm', [d]));
  g.output('xz', g.gemm(normed, g.input('in_proj', [2 * E, d]), { transB: true }));
}
