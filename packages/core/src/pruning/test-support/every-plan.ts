/** Every combination of a plan's options, for tests of what tells plans apart. */
import { UserError } from '../../errors.ts';
import { alignments, completePlan, convModes, type PruningPlan, tokenOrders } from '../plan.ts';
import { builtInRules, scoreOrders, signals } from '../rules/built-in.ts';
import { reductions } from '../rules/reductions.ts';
import { parseSchedule } from '../schedule.ts';

/** With two seeds each; combinations without meaning are left out. */
export function everyPlan(schedule: string): PruningPlan[] {
  const options: Record<keyof Omit<PruningPlan, 'schedule'>, readonly unknown[]> = {
    rule: [undefined, ...['a', 'b'].map((digit) => ({ name: 'mine', sha256: digit.repeat(64) }))],
    signal: [...signals, 'file'],
    reduce: reductions,
    order: scoreOrders,
    alignment: alignments,
    conv: convModes,
    tokenOrder: tokenOrders,
    countClassToken: [false, true],
    seed: [0, 3],
    operation: [undefined, 'drop', 'merge', 'half'],
    // Two of six, which are treated alike.
    metric: [undefined, 'hidden', 'B'],
  };
  let all: Partial<PruningPlan>[] = [{}];
  for (const [name, values] of Object.entries(options)) {
    all = all.flatMap((plan) => values.map((value) => ({ ...plan, [name]: value }))).filter(isSound);
  }
  return all.map((plan) => completePlan({ ...plan, schedule: parseSchedule(schedule) }));
}

function isSound(plan: Partial<PruningPlan>): boolean {
  try {
    return completePlan({ ...plan, schedule: [] }) !== undefined;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** Equal for plans that prune alike: what does not apply is left out. */
export function pruneAlike(plan: PruningPlan): string {
  if (plan.schedule.length === 0) return '';
  const { reduce, order, seed, ...rest } = plan;
  if (plan.signal === 'random') return JSON.stringify({ ...rest, seed });
  const reduced = plan.signal !== 'file' && builtInRules[plan.signal].reduced;
  return JSON.stringify(reduced ? { ...rest, reduce, order } : rest);
}
