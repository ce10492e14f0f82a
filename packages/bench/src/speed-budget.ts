/** How long a group of timed runs may go on. */
export interface SpeedBudget {
  /** Untimed runs of each model. */
  readonly warmup: number;
  readonly minRounds: number;
  readonly maxRounds: number;
  /** Rounds go on until this is spent, within the two limits above. */
  readonly ms: number;
}

/** For models of a tenth of a second to a few seconds: tinybench's own 64 iterations would take minutes. */
export const defaultSpeedBudget: SpeedBudget = { warmup: 2, minRounds: 5, maxRounds: 30, ms: 12_000 };

/** The budget of a run that has more time. */
export function thoroughBudget(budget: SpeedBudget): SpeedBudget {
  return { ...budget, ms: 3 * budget.ms };
}

/** The budget of a run that shall only be seen to work. */
export function trialBudget(budget: SpeedBudget): SpeedBudget {
  return { ...budget, minRounds: Math.min(3, budget.minRounds), ms: budget.ms / 4 };
}

/** Rounds that a budget allows for, where one takes so long, ms. */
export function expectedRounds({ minRounds, maxRounds, ms }: SpeedBudget, roundMs: number): number {
  return Math.max(minRounds, Math.min(maxRounds, Math.ceil(ms / roundMs)));
}
