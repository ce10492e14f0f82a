/** A whole PlainMamba: embedding, layers with the pruning between them, pooling and classifier. */
import { type EmitContext, type EmittedModel, type KeptTokens, type Value, zeroGone } from '@vssm/graph';
import { type PlainMambaSpec, plainMambaGrid } from '../spec.ts';
import { classify, embed } from './embed.ts';
import { plainMambaLayer } from './layer.ts';
import { fullGrid } from './places.ts';
import { meanOfLive, prune, type Stream } from './prune.ts';

/** @param input pixels [B, C, H, W] */
export function emitPlainMamba(
  context: EmitContext<PlainMambaSpec>,
  input: Value,
  logits: string,
): EmittedModel {
  const { g, spec, plan, parameters } = context;
  const kept: KeptTokens[] = [];
  const places = fullGrid(g, plainMambaGrid(spec));
  let stream: Stream = { tokens: embed(g, spec, parameters, input), places, liveCount: places.length };
  for (let layer = 0; layer < spec.depth; layer++) {
    const { tokens, signals } = plainMambaLayer(context, layer, stream.tokens, stream.places);
    // Under `mask`, the biases of a layer would fill the tokens that are gone.
    const { live } = stream;
    stream = { ...stream, tokens: live === undefined ? tokens : zeroGone(g, tokens, live) };
    const step = plan.schedule.findIndex(({ after }) => after === layer + 1);
    if (step < 0) continue;
    const pruned = prune(context, stream, signals, step);
    stream = pruned.stream;
    kept.push({ after: layer + 1, positions: pruned.kept, count: stream.liveCount });
  }
  const mean = (rows: Value) => meanOfLive(g, rows, stream);
  return { logits: classify(g, spec, parameters, stream.tokens, logits, mean), kept };
}
