/**
 * A model as one portable ONNX graph, with its pruning inside: the batch is dynamic, every length is static, and
 * which tokens stay is decided by the model itself.
 *
 * Inputs: `input` [B, C, H, W] float32, normalised; with the `random` signal also `random_scores`
 * [B, steps, L0] float32. Outputs: `logits` [B, classes] float32, and then for each pruning step
 * `kept.<block>` [B, K] int64, the positions of the kept tokens in sequence order.
 */
import { formatSchedule, type PruningPlan, refuseRuleFile, type Weights } from '@vssm/core';
import {
  GraphBuilder,
  imageInput,
  type ModelWithData,
  Parameters,
  type Precision,
  type ScanForm,
} from '@vssm/graph';
import { sequenceLength } from '../model.ts';
import { checkPlan } from '../plan.ts';
import type { ModelSpec } from '../table.ts';
import { graphsOf } from './table.ts';

export interface WholeOptions {
  /** Default `scan`, which every runtime of standard ONNX takes. */
  readonly scan?: ScanForm;
  /** Of the products into and out of the mixers. Default: f32. */
  readonly precision?: Precision;
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

/**
 * @returns the encoded ONNX model
 * @throws UserError for weights that one encoded file cannot hold
 */
export function wholeModel(
  spec: ModelSpec,
  weights: Weights,
  plan: PruningPlan,
  options: WholeOptions = {},
): Uint8Array {
  return wholeGraph(spec, weights, plan, options).model(metadataOf(spec, plan, options));
}

/** As `wholeModel`, with the weights in a separate file. @param location its name, beside the model */
export function wholeModelWithData(
  spec: ModelSpec,
  weights: Weights,
  plan: PruningPlan,
  location: string,
  options: WholeOptions = {},
): ModelWithData {
  return wholeGraph(spec, weights, plan, options).modelWithData(metadataOf(spec, plan, options), location);
}

function wholeGraph(
  spec: ModelSpec,
  weights: Weights,
  plan: PruningPlan,
  options: WholeOptions,
): GraphBuilder {
  checkPlan(spec, plan);
  refuseRuleFile(plan, 'a whole graph (the form of exported models)');
  const g = new GraphBuilder(spec.family);
  const input = imageInput(g, wholeNames.input, spec);
  const randomScores =
    plan.signal === 'random' && plan.schedule.length > 0
      ? g.input(wholeNames.randomScores, 'F32', ['batch', plan.schedule.length, sequenceLength(spec)])
      : undefined;

  const parameters = new Parameters(g, weights, options.precision);
  const scan = options.scan ?? 'scan';
  const { logits, kept } = graphsOf(spec).emitWhole(
    { g, spec, plan, parameters, scan, randomScores },
    input,
    wholeNames.logits,
  );
  // Whoever takes outputs by place finds the logits first, however many steps there are.
  g.output(logits, 'F32', ['batch', spec.classes]);
  for (const { after, positions, count } of kept) {
    g.op('Identity', [positions], { name: wholeNames.kept(after) });
    g.output(wholeNames.kept(after), 'I64', ['batch', count]);
  }
  return g;
}

function metadataOf(
  spec: ModelSpec,
  plan: PruningPlan,
  { metadata, precision = 'f32' }: WholeOptions,
): Record<string, string> {
  return {
    'vssm.spec': JSON.stringify(spec),
    'vssm.plan': JSON.stringify(plan),
    'vssm.schedule': formatSchedule(plan.schedule),
    ...(precision !== 'f32' && { 'vssm.precision': precision }),
    ...metadata,
  };
}
