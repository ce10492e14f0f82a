/** Who plays: rules with what becomes of the tokens that leave, and ways to go on after a step. */
import { builtInRules, type Operation, type PruningPlan, type Signal } from '@vssm/core';

type Options = Partial<Omit<PruningPlan, 'schedule'>>;

/** A part of a row: a rule with an operation, or a way to go on. */
export interface Part {
  /** Of rows' ids. */
  readonly id: string;
  readonly label: string;
  readonly options: Options;
}

export interface Contender extends Part {
  /** Whether the operation is the one that the rule comes with. */
  readonly usual: boolean;
}

/** Of the signals of channels, the reductions that play: the paper's, the best of its table 4, the released code's. */
const reduced = {
  gated: [
    { id: 'clip', label: 'clip', options: { reduce: 'clip' } },
    { id: 'l1', label: 'l1 norm', options: { reduce: 'l1' } },
  ],
  'gated-backward': [
    { id: 'released', label: 'released code’s score', options: { reduce: 'sum', order: 'mirrored' } },
  ],
  ssm: [{ id: 'ssm-clip', label: 'clip of ssm', options: { reduce: 'clip' } }],
} as const satisfies Partial<Record<Signal, readonly Part[]>>;

function rulesOf(signal: Signal): readonly Part[] {
  if (Object.hasOwn(reduced, signal)) {
    const own: readonly Part[] = reduced[signal as keyof typeof reduced];
    return own.map(({ options, ...rule }) => ({ ...rule, options: { ...options, signal } }));
  }
  return [{ id: signal, label: builtInRules[signal].label, options: { signal } }];
}

/** What a rule's leaving tokens can become: what the rule says, else that they are dropped or merged. */
function operationsOf(signal: Signal): readonly Operation[] {
  // Dropping what MTR would have merged is the Δ score, which plays by itself.
  if (signal === 'mtr-like') return ['merge'];
  return [...new Set<Operation>(['drop', 'merge', usualOperation(signal)])];
}

function usualOperation(signal: Signal): Operation {
  return builtInRules[signal].pairs ?? 'drop';
}

/** Every rule with every operation that it has. */
export function contendersOf(signals: readonly Signal[]): readonly Contender[] {
  return signals.flatMap((signal) =>
    rulesOf(signal).flatMap((rule) =>
      operationsOf(signal).map((operation) => ({
        id: `${rule.id}-${operation}`,
        label: `${rule.label}, ${operation}`,
        options: { ...rule.options, operation },
        usual: operation === usualOperation(signal),
      })),
    ),
  );
}

/** What later blocks do about the gaps, and where the class token stands where it can be moved. */
export const ways: readonly Part[] = [
  { id: 'positional', label: 'none + positional', options: { alignment: 'none', conv: 'positional' } },
  {
    id: 'decay-positional',
    label: 'decay + positional',
    options: { alignment: 'decay', conv: 'positional' },
  },
  { id: 'compact', label: 'none + compact', options: { alignment: 'none', conv: 'compact' } },
  {
    id: 'recentred',
    label: 'none + compact, recentred',
    options: { alignment: 'none', conv: 'compact', tokenOrder: 'recentred' },
  },
  {
    id: 'proportional',
    label: 'none + compact, proportional',
    options: { alignment: 'none', conv: 'compact', tokenOrder: 'proportional' },
  },
];
