/** A whole Vim: embedding, blocks with the pruning between them, classifier. */
import type { EmitContext, EmittedModel, KeptTokens, Value } from '@vssm/graph';
import { sequenceLength } from '../../model.ts';
import { classTokenPosition, type VimSpec } from '../spec.ts';
import { vimBlock } from './block.ts';
import { classify, embed } from './embed.ts';
import { unprunedPlaces } from './places.ts';
import { classTokenRow, prune, type Sequence } from './prune.ts';

/** @param input pixels [B, C, H, W] */
export function emitVim(context: EmitContext<VimSpec>, input: Value, logits: string): EmittedModel {
  const { g, spec, plan, parameters } = context;
  const full = sequenceLength(spec);
  const kept: KeptTokens[] = [];
  let sequence: Sequence = {
    hidden: undefined,
    residual: embed(g, spec, parameters, input),
    places: unprunedPlaces(full),
    liveCount: full,
    classToken: classTokenPosition(spec),
  };
  for (let block = 0; block < spec.depth; block++) {
    const { hidden, residual, signals } = vimBlock(context, block, sequence, sequence.places);
    sequence = { ...sequence, hidden, residual };
    const step = plan.schedule.findIndex(({ after }) => after === block + 1);
    if (step < 0) continue;
    const pruned = prune(context, { ...sequence, hidden }, signals, step);
    sequence = pruned.sequence;
    kept.push({ after: block + 1, positions: pruned.kept, count: sequence.liveCount });
  }
  const own = (stream: Value) => classTokenRow(g, stream, sequence);
  const token = g.op('Add', [own(sequence.residual), own(sequence.hidden!)]);
  const row = g.op('Reshape', [token, g.ints([0, spec.width])]);
  return { logits: classify(g, parameters, row, logits), kept };
}
