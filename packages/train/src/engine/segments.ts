/**
 * A Vim cut at its scans, for training: the dense parts between two scans as traces, with weights as inputs, so that
 * one session serves every block of the same length. Rows are tokens of all images of a micro-batch.
 *
 *     embed ─ xz ┬─ conv ─ u ─ projections ─ Δ, B, C ─ scan ─ ssm, gate ─ y ─┐
 *                │                                                          │
 *                └──────── next: (select), out_proj, add, norm, in_proj ◀───┘   (after the last block: head)
 */
import type { Direction } from '@vssm/core';
import { classTokenPosition, patchCount, sequenceLength, type TrainableSpec } from '@vssm/families';
import { Trace, type Value } from '../autodiff/trace.ts';
import { patchSizeOf } from '../data/patches.ts';

export const directions: readonly Direction[] = ['forward', 'backward'];

/** What happens to the tokens between a scan and the following segment. */
export type Selection =
  | { readonly kind: 'all' }
  /** Rows `kept` [rows after] go on. */
  | { readonly kind: 'gather'; readonly rowsAfter: number }
  /** Rows are multiplied by `live` [rows, 1]. */
  | { readonly kind: 'mask' };

/** patches, weights → residual [rows, d] and xz [rows, 2E] of the first block */
export function embedTrace(spec: TrainableSpec, batch: number): Trace {
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
export function projectionTrace(spec: TrainableSpec, rows: number, passing: boolean): Trace {
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
export function nextTrace(spec: TrainableSpec, rows: number, selection: Selection): Trace {
  const g = new Trace('next');
  withInProjection(g, spec, outProjection(g, spec, rows, selected(g, selection, rows)));
  return g;
}

/**
 * y and residual of all tokens, rows of the class tokens, targets → logits and loss.
 *
 * @param scale of the sum of the images' losses
 */
export function headTrace(spec: TrainableSpec, rows: number, batch: number, scale: number): Trace {
  const { width: d, classes } = spec;
  const g = new Trace('head');
  const token = outProjection(g, spec, rows, selected(g, { kind: 'gather', rowsAfter: batch }, rows));
  const feature = g.rmsNorm(token, g.input('norm_f', [d]));
  const product = g.gemm(feature, g.input('head_weight', [classes, d]), { transB: true });
  const logits = g.add(product, g.input('head_bias', [classes]));
  g.output('logits', logits);
  g.output('loss', g.crossEntropy(logits, g.input('target', [batch, classes]), scale));
  return g;
}

/** A function from a stream to what goes on of it. */
function selected(g: Trace, selection: Selection, rows: number): (stream: Value) => Value {
  switch (selection.kind) {
    case 'all':
      return (stream) => stream;
    case 'gather': {
      const kept = g.rowNumbers('kept', selection.rowsAfter);
      return (stream) => g.gatherRows(stream, kept);
    }
    case 'mask': {
      const live = g.input('live', [rows, 1]);
      return (stream) => g.mul(stream, live);
    }
    default:
      throw selection satisfies never;
  }
}

/** residual + y Wᵀ / 2, the mean of the two directions folded into the factor. */
function outProjection(g: Trace, spec: TrainableSpec, rows: number, select: (stream: Value) => Value): Value {
  const { width: d, innerWidth: E } = spec;
  const y = select(g.input('y', [rows, E]));
  const residual = select(g.input('residual', [rows, d]));
  return g.add(residual, g.gemm(y, g.input('out_proj', [d, E]), { transB: true, alpha: 0.5 }));
}

function withInProjection(g: Trace, { width: d, innerWidth: E }: TrainableSpec, residual: Value): void {
  g.output('next_residual', residual);
  const normed = g.rmsNorm(residual, g.input('norm', [d]));
  g.output('xz', g.gemm(normed, g.input('in_proj', [2 * E, d]), { transB: true }));
}
