/** Human names of pruning plans and of what carries them out, and the colour that a method has in every chart. */
import { builtInRules, reductionTable, ruleFileName } from '@vssm/core';
import { families, type ModelSpec } from '@vssm/families';
import type { AccuracyRecord } from '@vssm/results';

export type Plan = AccuracyRecord['plan'];

/** Of a record: a classifier, or what stands on a backbone. */
export type PlannedModel = { readonly spec: Spec } | { readonly backbone: Spec };
type Spec = Pick<ModelSpec, 'family'>;

/** Methods that have their own colour; everything else is `other`. */
export type Method = 'dense' | 'top' | 'evit' | 'random' | 'released' | 'other';

export function method(plan: Plan, model?: PlannedModel): Method {
  if (plan.schedule.length === 0) return 'dense';
  if (plan.countClassToken || plan.operation !== undefined) return 'other';
  const compact = plan.alignment === 'none' && plan.conv === 'compact';
  const naive = plan.tokenOrder === 'original' && isUnaligned(plan, model);
  if (plan.signal === 'evit') return naive ? 'evit' : 'other';
  if (plan.signal === 'random') return naive ? 'random' : 'other';
  const inOrder = plan.order === 'aligned' && plan.tokenOrder === 'original';
  if (plan.signal === 'gated' && plan.reduce === 'clip' && inOrder) {
    return plan.alignment === 'decay' && plan.conv === 'positional' ? 'top' : 'other';
  }
  const summed = plan.signal === 'gated-backward' && plan.reduce === 'sum' && plan.order === 'mirrored';
  return summed && compact && plan.tokenOrder === 'recentred' ? 'released' : 'other';
}

/** Whether later blocks do nothing about the gaps, in a model whose convolution may see the grid whatever is pruned. */
export function isUnaligned({ alignment, conv }: Plan, model?: PlannedModel): boolean {
  const spec = model === undefined ? null : 'spec' in model ? model.spec : model.backbone;
  const naive = spec === null ? 'compact' : families[spec.family].plans.convUnderNone;
  return alignment === 'none' && conv === naive;
}

export const methodNames: Readonly<Record<Method, string>> = {
  dense: 'dense',
  top: 'ToP',
  evit: 'EViT rule',
  random: 'random',
  released: 'released code',
  other: 'other options',
};

/**
 * What tokens are ranked or paired by: `clipped sum`, `EViT rule`, `plain sum of gated-backward, mirrored`; a rule file's
 * name. Of a rule that the paper does not compare, where it is from; and what becomes of leaving tokens, if not dropped.
 */
function importanceName(plan: Plan): string {
  return `${contenderName(plan)}${originName(plan)}`;
}

/** The same without where it is from. */
export function contenderName(plan: Plan): string {
  const { operation, metric } = plan;
  const what = operation === undefined ? '' : `, ${operation}${metric === undefined ? '' : ` by ${metric}`}`;
  return `${ruleName(plan)}${what}`;
}

/** ` (as published)`; nothing for the paper's own. */
function originName({ signal }: Plan): string {
  const { origin } = signal === 'file' ? {} : builtInRules[signal];
  return origin === undefined ? '' : ` (${origin})`;
}

function ruleName(plan: Plan): string {
  const { signal, reduce, order, rule } = plan;
  if (signal === 'file') return rule === undefined ? 'a rule file' : ruleFileName(rule);
  const { label, reduced } = builtInRules[signal];
  if (!reduced) return `${label}${signal === 'random' ? seedName(plan) : ''}`;
  const of = label === '' ? '' : ` ${label}`;
  return `${reductionTable[reduce].label}${of}${order === 'mirrored' ? ', mirrored' : ''}`;
}

/** What later blocks do about the gaps: `decay + positional`, `none + compact, recentred`. */
export function alignmentName(plan: Plan): string {
  const name = plan.alignment === 'mask' ? 'mask' : `${plan.alignment} + ${plan.conv}`;
  const recentred = plan.tokenOrder === 'original' ? '' : `, ${plan.tokenOrder}`;
  return `${name}${recentred}${plan.countClassToken ? ', class token counted' : ''}`;
}

/** The seed of random scores is said where it is not the usual one. */
function seedName({ seed }: Plan): string {
  return seed === 0 ? '' : `, seed ${seed}`;
}

/** A plan in full, without its schedule: two that prune differently have different names. */
export function planName(plan: Plan, model?: PlannedModel): string {
  const kind = method(plan, model);
  if (kind === 'random') return importanceName(plan);
  if (kind !== 'other') return methodNames[kind];
  return `${importanceName(plan)}, ${alignmentName(plan)}`;
}

/** What the plans of one experiment differ in, apart from their schedules. */
export type Difference = 'importance' | 'alignment' | 'method';

export function planDifference(plans: readonly Plan[]): Difference {
  const pruned = plans.filter(({ schedule }) => schedule.length > 0);
  const differs = (name: (plan: Plan) => string) => new Set(pruned.map(name)).size > 1;
  if (differs(importanceName) && !differs(alignmentName)) return 'importance';
  return differs(alignmentName) && !differs(importanceName) ? 'alignment' : 'method';
}

/** Names that tell the plans of one experiment apart and say no more than that. */
export function variantNamer(plans: readonly Plan[]): (plan: Plan) => string {
  const namers = { importance: importanceName, alignment: alignmentName, method: planName };
  return namers[planDifference(plans)];
}

/** `keep 0.7`, or the whole schedule where its steps differ. */
export function keepName(plan: Plan, schedule: string): string {
  const ratios = new Set(plan.schedule.map(({ keep }) => keep));
  if (ratios.size === 0) return 'dense';
  return ratios.size === 1 ? `keep ${[...ratios][0]}` : schedule;
}

/** The blocks that are followed by a step: `2, 4, 6`. */
export function blocksName(plan: Plan): string {
  return plan.schedule.map(({ after }) => after).join(', ');
}

/** `cuda/whole-linear-attention-f16`: a backend in one of its forms, which are timed and compared apart. */
export function pathName({ name, form }: { readonly name: string; readonly form: string }): string {
  return `${name}/${form}`;
}
