/** A whole Vim: embedding, blocks with the pruning between them, classifier. */
import type { EmitContext, EmittedModel, KeptTokens, Value } from '@vssm/graph';
import type { FamilyGraphs } from '../../family.ts';
import { patchCount } from '../spec.ts';
import type { BidirectionalSpec, BidirectionalTraits } from '../traits.ts';
import { vimBlock } from './block.ts';
import { classify, embed } from './embed.ts';
import { unprunedPlaces } from './places.ts';
import { classTokenRow, prune, type Sequence } from './prune.ts';

export const emitBidirectional =
  (traits: BidirectionalTraits): FamilyGraphs<BidirectionalSpec>['emitWhole'] =>
  (context, input, logits) =>
    emit(traits, context, input, logits);

function emit(
  traits: BidirectionalTraits,
  context: EmitContext<BidirectionalSpec>,
  input: Value,
  logits: string,
): EmittedModel {
  const { g, spec, plan, parameters } = context;
  const full = patchCount(spec) + 1;
  const place = traits.classToken(patchCount(spec));
  const kept: KeptTokens[] = [];
  let sequence: Sequence = {
    hidden: undefined,
    residual: embed(g, spec, parameters, input, place),
    places: unprunedPlaces(full),
    liveCount: full,
    classToken: place,
  };
  for (let block = 0; block < spec.depth; block++) {
    const { hidden, residual, signals } = vimBlock(context, block, sequence, sequence.places, traits.share);
    sequence = { ...sequence, hidden, residual };
    const step = plan.schedule.findIndex(({ after }) => after === block + 1);
    if (step < 0) continue;
    const pruned = prune(traits, context, { ...sequence, hidden }, signals, step);
    sequence = pruned.sequence;
    kept.push({ after: block + 1, positions: pruned.kept, count: sequence.liveCount });
  }
  const own = (stream: Value) => classTokenRow(g, stream, sequence);
  const token = g.op('Add', [own(sequence.residual), own(sequence.hidden!)]);
  const row = g.op('Reshape', [token, g.ints([0, spec.width])]);
  return { logits: classify(g, parameters, row, logits), kept };
}
