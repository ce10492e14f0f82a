/**
 * PlainMamba's segments as traces; see SegmentTraces. The four snakes share one set of projections, projections have
 * biases, and the classifier reads the mean over all tokens that live.
 */
import { type PlainMambaSpec, sequenceLength } from '@vssm/families';
import { Trace, type Value } from '../autodiff/trace.ts';
import type { HeadShape, SegmentTraces, Selection } from '../family.ts';
import { selected } from '../selected.ts';
import { stem } from './stem.ts';

export const plainMambaSegments: SegmentTraces<PlainMambaSpec> = { embed, projections, next, head };

function embed(spec: PlainMambaSpec, batch: number): Trace {
  const { width: d } = spec;
  const g = new Trace('embed');
  const cells = sequenceLength(spec);
  const patches = g.reshape(stem(g, spec, batch), [batch, cells, d]);
  const tokens = g.add(patches, g.input('pos_embed', [1, cells, d]));
  withInProjection(g, spec, g.reshape(tokens, [batch * cells, d]));
  return g;
}

function projections(spec: PlainMambaSpec, rows: number, passing: boolean): Trace {
  const { innerWidth: E, dtRank: r, stateSize: N } = spec;
  const g = new Trace('projections');
  const u = g.input('u_shared', [rows, E]);
  const projected = g.gemm(u, g.input('x_proj', [r + 2 * N, E]), { transB: true });
  const [dt] = g.split(projected, 1, [r, 2 * N]);
  g.output('projected_shared', projected);
  // Its bias, doubled, is added in the scan.
  g.output('delta_shared', g.gemm(dt, g.input('dt_proj', [E, r]), { transB: true }));
  if (passing) g.output('passed_shared', u);
  return g;
}

function next(spec: PlainMambaSpec, rows: number, selection: Selection, leaves: boolean): Trace {
  const g = new Trace('next');
  withInProjection(
    g,
    spec,
    leaves ? leftAndSelected(g, spec, rows, selection) : endOfLayer(g, spec, rows, selection),
  );
  return g;
}

/** All tokens go out before some of them go on. */
function leftAndSelected(g: Trace, spec: PlainMambaSpec, rows: number, selection: Selection): Value {
  const tokens = endOfLayer(g, spec, rows, { kind: 'all' });
  g.output('leaving', tokens);
  return selected(g, selection, rows)(tokens);
}

function head(spec: PlainMambaSpec, { rows, batch, selection, tokens, scale }: HeadShape): Trace {
  const { width: d, classes } = spec;
  const g = new Trace('head');
  const stream = endOfLayer(g, spec, rows, selection);
  const normed = g.layerNorm(stream, g.input('ln_weight', [d]), g.input('ln_bias', [d]), 1e-6);
  // The norm's bias would fill what a mask has emptied.
  const alive = selection.kind === 'mask' ? g.mul(normed, liveOf(g, rows)) : normed;
  const sum = g.sum(g.reshape(alive, [batch, alive.shape[0] / batch, d]), [1]);
  const pooled = g.reshape(g.affine(sum, 1 / tokens), [batch, d]);
  const product = g.gemm(pooled, g.input('head_weight', [classes, d]), { transB: true });
  const logits = g.add(product, g.input('head_bias', [classes]));
  g.output('logits', logits);
  g.output('loss', g.crossEntropy(logits, g.input('target', [batch, classes]), scale));
  return g;
}

/**
 * The tokens that go on: residual + y Wᵀ + bias. Under `mask` the product is masked last, because the bias would fill
 * the tokens that are gone; what is gone is selected away first, because it then costs nothing.
 */
export function endOfLayer(g: Trace, spec: PlainMambaSpec, rows: number, selection: Selection): Value {
  const { width: d, innerWidth: E } = spec;
  const select: (stream: Value) => Value =
    selection.kind === 'mask' ? (stream) => stream : selected(g, selection, rows);
  const y = select(g.input('y', [rows, E]));
  const residual = select(g.input('residual', [rows, d]));
  const product = g.gemm(y, g.input('out_proj', [d, E]), { transB: true });
  const sum = g.add(residual, g.add(product, g.input('out_bias', [d])));
  return selection.kind === 'mask' ? g.mul(sum, liveOf(g, rows)) : sum;
}

/** [rows, 1]: 1 where a token lives. */
function liveOf(g: Trace, rows: number): Value {
  return g.inputs.find(({ name }) => name === 'live') ?? g.input('live', [rows, 1]);
}

function withInProjection(g: Trace, { width: d, innerWidth: E }: PlainMambaSpec, residual: Value): void {
  g.output('next_residual', residual);
  const normed = g.layerNorm(residual, g.input('norm_weight', [d]), g.input('norm_bias', [d]), 1e-5);
  const product = g.gemm(normed, g.input('in_proj', [2 * E, d]), { transB: true });
  g.output('xz', g.add(product, g.input('in_bias', [2 * E])));
}
