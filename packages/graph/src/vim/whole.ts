/**
 * A Vim as one portable ONNX model, with its pruning inside: the batch is dynamic, every length is static, and
 * which tokens stay is decided by the model itself.
 *
 * Inputs: `input` [B, C, H, W] float32, normalised; with the `random` signal also `random_scores`
 * [B, steps, L0] float32. Outputs: `logits` [B, classes] float32, and after each pruning step
 * `kept.<block>` [B, K] int64, the positions of the kept tokens in sequence order.
 */
import {
  checkScheduleDepth,
  classTokenPosition,
  formatSchedule,
  type PruningPlan,
  sequenceLength,
  type VimSpec,
  type Weights,
} from '@vssm/core';
import { GraphBuilder, type Value } from '../onnx/builder.ts';
import { type BlockContext, vimBlock } from './block.ts';
import { classify, embed } from './embed.ts';
import { unprunedPlaces } from './places.ts';
import { classTokenRow, prune, type Sequence } from './prune.ts';
import type { ScanForm } from './scan.ts';
import { VimParameters } from './weights.ts';

export interface WholeOptions {
  /** Default `linear-attention`. */
  readonly scan?: ScanForm;
  /** Added to the model's metadata, for instance the source checkpoint's checksum. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Names of the model's inputs and outputs. */
export const wholeNames = {
  input: 'input',
  randomScores: 'random_scores',
  logits: 'logits',
  kept: (after: number) => `kept.${after}`,
} as const;

/** @returns the encoded ONNX model */
export function wholeVim(
  spec: VimSpec,
  weights: Weights,
  plan: PruningPlan,
  options: WholeOptions = {},
): Uint8Array {
  checkScheduleDepth(plan.schedule, spec.depth);
  const g = new GraphBuilder('vim');
  const parameters = new VimParameters(g, weights);
  const context: BlockContext = { g, spec, plan, parameters, scan: options.scan ?? 'linear-attention' };
  const full = sequenceLength(spec);

  const input = g.input(wholeNames.input, 'F32', [
    'batch',
    spec.inChannels,
    spec.imageHeight,
    spec.imageWidth,
  ]);
  const randomScores =
    plan.signal === 'random' && plan.schedule.length > 0
      ? g.input(wholeNames.randomScores, 'F32', ['batch', plan.schedule.length, full])
      : undefined;

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
    const pruned = prune(context, { ...sequence, hidden }, signals, step, randomScores);
    sequence = pruned.sequence;
    g.op('Identity', [pruned.kept], { name: wholeNames.kept(block + 1) });
    g.output(wholeNames.kept(block + 1), 'I64', ['batch', sequence.liveCount]);
  }

  const own = (stream: Value) => classTokenRow(g, stream, sequence);
  const token = g.op('Add', [own(sequence.residual), own(sequence.hidden!)]);
  classify(g, parameters, g.op('Reshape', [token, g.ints([0, spec.width])]), wholeNames.logits);
  g.output(wholeNames.logits, 'F32', ['batch', spec.classes]);

  return g.model({
    'vssm.spec': JSON.stringify(spec),
    'vssm.plan': JSON.stringify(plan),
    'vssm.schedule': formatSchedule(plan.schedule),
    ...options.metadata,
  });
}
