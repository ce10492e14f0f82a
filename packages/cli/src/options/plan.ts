/** The pruning options that several commands share, and the plan they add up to. */
import {
  alignments,
  convModes,
  metrics,
  oneOf,
  operations,
  type PruningPlan,
  parseSchedule,
  reductions,
  scoreOrders,
  signals,
  tokenOrders,
  UserError,
} from '@vssm/core';
import { loadRule } from '@vssm/core/rule-file';
import { families, type ModelFamily, modelFamilies, pruningPlan } from '@vssm/families';
import type { Command } from 'commander';
import { groups } from './groups.ts';
import { whole } from './numbers.ts';

export interface PlanOptions {
  readonly prune?: string;
  readonly rule?: string;
  readonly signal: string;
  readonly reduce: string;
  readonly order: string;
  readonly alignment: string;
  readonly conv?: string;
  readonly tokenOrder: string;
  readonly countClassToken?: boolean;
  readonly operation?: string;
  readonly metric?: string;
  readonly seed: number;
}

export function addPlanOptions(command: Command): Command {
  return addRuleOptions(
    command
      .optionsGroup(groups.pruning)
      .option(
        '--prune <schedule>',
        'prune after these blocks (1-based) at these keep ratios, e.g. "5,10,15@0.8"; default: dense',
      ),
  );
}

/** `; PlainMamba: positional only` */
const narrower = modelFamilies
  .map((family) => families[family])
  .flatMap(({ title, words }) => (words.conv === null ? [] : `; ${title}: ${words.conv}`))
  .join('');

/** All but the schedule. */
export function addRuleOptions(command: Command): Command {
  return command
    .optionsGroup(groups.pruning)
    .option('--alignment <how>', `what the scan does about pruned tokens: ${alignments.join(', ')}`, 'decay')
    .option(
      '--conv <taps>',
      `what the convolution sees: ${convModes.join(', ')}; default: compact with none, else positional${narrower}`,
    )
    .option(
      '--rule <file>',
      'what tokens are scored by: a rule of your own (docs/adding-a-pruning-rule.md); default: --signal',
    )
    .option('--signal <signal>', `what tokens are scored by: ${signals.join(', ')}`, 'gated')
    .option('--reduce <how>', `channels to one score: ${reductions.join(', ')}`, 'clip')
    .option('--order <order>', `${scoreOrders.join(', ')} (the released code's slip)`, 'aligned')
    .option('--token-order <order>', `kept tokens' order: ${tokenOrders.join(', ')}`, 'original')
    .option(
      '--operation <what>',
      `what becomes of leaving tokens: ${operations.join(', ')}; default: drop, of tome and mtr-like merge, of utr half, of storm merge-sum`,
    )
    .option(
      '--metric <signal>',
      `by what a destination is found: ${metrics.join(', ')}; default: hidden, where one is found`,
    )
    .option('--count-class-token', 'keep ceil(L·keep) as the released masking code does')
    .option('--seed <n>', 'seed of the random signal', whole('--seed'), 0);
}

/**
 * Loads the rule that `--rule` names, if it does.
 *
 * @throws UserError for options that the family does not have, or a file that is no rule
 */
export async function planOf(options: PlanOptions, family: ModelFamily): Promise<PruningPlan> {
  const rule = options.rule === undefined ? undefined : await loadRule(options.rule);
  if (rule !== undefined && options.signal !== 'gated') {
    throw new UserError(`--rule ${options.rule} and --signal ${options.signal}: give one of the two`);
  }
  return pruningPlan(
    {
      schedule: options.prune === undefined ? [] : givenSchedule(options.prune),
      ...(rule === undefined ? { signal: oneOf('--signal', options.signal, signals) } : { rule }),
      reduce: oneOf('--reduce', options.reduce, reductions),
      order: oneOf('--order', options.order, scoreOrders),
      alignment: oneOf('--alignment', options.alignment, alignments),
      ...(options.conv !== undefined && { conv: oneOf('--conv', options.conv, convModes) }),
      tokenOrder: oneOf('--token-order', options.tokenOrder, tokenOrders),
      countClassToken: options.countClassToken ?? false,
      ...(options.operation !== undefined && {
        operation: oneOf('--operation', options.operation, operations),
      }),
      ...(options.metric !== undefined && { metric: oneOf('--metric', options.metric, metrics) }),
      seed: options.seed,
    },
    family,
  );
}

/** An empty one is more often a variable that was never set than the wish for the dense model. */
function givenSchedule(prune: string): PruningPlan['schedule'] {
  if (prune.trim() === '') {
    throw new UserError(
      `--prune "${prune}": is empty; leave it away for the dense model, or give 5,10,15@0.8`,
    );
  }
  return parseSchedule(prune);
}
