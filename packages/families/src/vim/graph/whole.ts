/** A whole Vim: embedding, blocks with the pruning between them, classifier. */
import type { EmitContext, EmittedModel, KeptTokens, Value } from '@vssm/graph';
import type { FamilyGraphs } from '../../family.ts';
import { type BidirectionalSpec, type BidirectionalTraits, fullLength } from '../traits.ts';
import { vimBlock } from './block.ts';
import { classify, embed } from './embed.ts';
import { unprunedPlaces } from './places.ts';
import { protectedRows, prune, type Sequence } from './prune.ts';

export const emitBidirectional =
  <Spec extends BidirectionalSpec>(traits: BidirectionalTraits<Spec>): FamilyGraphs<Spec>['emitWhole'] =>
  (context, input, logits) =>
    emit(traits, context, input, logits);

function emit<Spec extends BidirectionalSpec>(
  traits: BidirectionalTraits<Spec>,
  context: EmitContext<Spec>,
  input: Value,
  logits: string,
): EmittedModel {
  const { g, spec, plan, parameters } = context;
  const full = fullLength(traits, spec);
  const kept: KeptTokens[] = [];
  let sequence: Sequence = {
    hidden: undefined,
    residual: embed(traits, g, spec, parameters, input),
    places: unprunedPlaces(full),
    liveCount: full,
    protectedTokens: traits.protectedTokens(spec),
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
  const own = (stream: Value) => protectedRows(g, stream, sequence);
  const tokens = g.op('Add', [own(sequence.residual), own(sequence.hidden!)]);
  return { logits: classify(traits, g, spec, parameters, tokens, logits), kept };
}
