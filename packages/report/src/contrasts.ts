/** The questions that the ablations answer: two plans that differ in one respect, on the same images. */
import type { AccuracyRecord } from '@vssm/results';
import type { Entry, Evidence } from './evidence.ts';
import { points } from './format.ts';
import { bySeries, isDense, sameImages, sameModel } from './groups.ts';
import type { PairedComparison, PairedDifference } from './paired.ts';
import { method, type Plan, type PlannedModel } from './plan-names.ts';

export interface Contrast {
  readonly question: string;
  /** What stands against ToP (gated signal, clipped, aligned, decay, positional). */
  readonly against: string;
  readonly fits: (plan: Plan, model: PlannedModel) => boolean;
}

/** ToP with some options changed. */
function topBut(change: Partial<Plan>): (plan: Plan) => boolean {
  const wanted = {
    signal: 'gated',
    reduce: 'clip',
    order: 'aligned',
    alignment: 'decay',
    conv: 'positional',
    tokenOrder: 'original',
    operation: undefined,
    ...change,
  };
  return (plan) => Object.entries(wanted).every(([name, value]) => plan[name as keyof Plan] === value);
}

const unscored = (signal: Plan['signal']) => (plan: Plan) =>
  plan.signal === signal &&
  plan.operation === undefined &&
  plan.alignment === 'decay' &&
  plan.conv === 'positional';

export const contrasts: readonly Contrast[] = [
  {
    question: 'ToP as a whole',
    against: 'EViT rule, no alignment',
    fits: (plan, model) => method(plan, model) === 'evit',
  },
  {
    question: 'ToP as a whole',
    against: 'random tokens, no alignment',
    fits: (plan, model) => method(plan, model) === 'random',
  },
  {
    question: 'ToP as a whole',
    against: 'the released code’s choices',
    fits: (plan, model) => method(plan, model) === 'released',
  },
  { question: 'Importance', against: 'random tokens, same alignment', fits: unscored('random') },
  { question: 'Importance', against: 'EViT rule, same alignment', fits: unscored('evit') },
  { question: 'Importance: clipped sum', against: 'plain sum', fits: topBut({ reduce: 'sum' }) },
  { question: 'Importance: clipped sum', against: 'l1 norm', fits: topBut({ reduce: 'l1' }) },
  { question: 'Importance: clipped sum', against: 'l2 norm', fits: topBut({ reduce: 'l2' }) },
  {
    question: 'Alignment: state decay and convolution',
    against: 'neither',
    fits: topBut({ alignment: 'none', conv: 'compact' }),
  },
  {
    question: 'Alignment: state decay',
    against: 'no decay',
    fits: topBut({ alignment: 'none', conv: 'positional' }),
  },
  {
    question: 'Alignment: positional convolution',
    against: 'compact convolution',
    fits: topBut({ alignment: 'decay', conv: 'compact' }),
  },
  {
    question: 'Alignment: removing tokens',
    against: 'only masking them',
    fits: topBut({ alignment: 'mask', conv: 'positional' }),
  },
];

/** One pruning schedule of one model on one set of images, with the ToP result that others are held against. */
export interface ContrastSetting {
  readonly top: Entry<AccuracyRecord>;
  readonly others: readonly Entry<AccuracyRecord>[];
}

/** Every setting that has a ToP result, the largest sample of each schedule only. */
export function contrastSettings({ accuracy }: Evidence): ContrastSetting[] {
  const settings = new Map<string, ContrastSetting>();
  const tops = accuracy.filter(({ record }) => method(record.plan, record.model) === 'top');
  for (const top of tops.sort((a, b) => bySeries(a.record, b.record))) {
    const { dataset, model, schedule, plan } = top.record;
    const key = JSON.stringify([dataset.name, dataset.split, model.weights, schedule, plan.countClassToken]);
    if (settings.has(key)) continue;
    const others = accuracy.filter(
      ({ record }) =>
        !isDense(record) &&
        record.schedule === schedule &&
        record.plan.countClassToken === plan.countClassToken &&
        sameImages(record, top.record) &&
        sameModel(record, top.record),
    );
    settings.set(key, { top, others });
  }
  return [...settings.values()];
}

export interface ContrastResult {
  /** ToP minus the other, points. */
  readonly difference: number;
  readonly paired: PairedDifference | null;
}

export function contrastResult(
  { fits }: Contrast,
  { top, others }: ContrastSetting,
  paired: PairedComparison,
): ContrastResult | null {
  const other = others.find(({ record }) => fits(record.plan, record.model));
  if (other === undefined) return null;
  return { difference: top.record.top1 - other.record.top1, paired: paired.compare(top, other) };
}

export type Verdict = 'better' | 'worse' | 'undecided';

/**
 * `undecided` where the 95 % interval holds zero, or where there is no interval. What counts is the interval as it is
 * printed: a reader who sees `0.0 to +3.7` must not be told that zero is out of it.
 */
export function verdict({ paired }: ContrastResult): Verdict {
  if (paired === null) return 'undecided';
  const [low, high] = paired.interval.map((end) => Number(points(end).replace('\u2212', '-')));
  if (low > 0) return 'better';
  return high < 0 ? 'worse' : 'undecided';
}
