/** Time of one plan, with random weights: speed does not depend on their values. */
import type { PruningPlan } from '@vssm/core';
import { costOf } from '../cost.ts';
import { keyOf } from '../keys.ts';
import type { ModelId } from '../models.ts';
import { imageMs, loadMs } from '../pace.ts';
import { measureSpeed, type SpeedTask } from '../speed.ts';
import { expectedRounds } from '../speed-budget.ts';
import type { WorkKind } from './kind.ts';
import type { RowBase } from './row.ts';

export interface SpeedRow extends RowBase {
  readonly kind: 'speed';
  readonly model: ModelId;
  readonly plan: PruningPlan;
  /** Images in one run. */
  readonly batch: number;
  /** Id of the unpruned row that is timed in turn with this one; null for the unpruned row itself. */
  readonly against: string | null;
  /** Of an unpruned row: times the matrix products alone too, of every plan, where the backend has them. */
  readonly floor?: true;
}

const isSpeed = (row: RowBase): row is SpeedRow => row.kind === 'speed';

export const speed: WorkKind<SpeedRow, SpeedTask> = {
  kind: 'speed',

  async plan(unpruned, planning) {
    if (unpruned.against !== null) return null;
    const { speedBudget: budget } = planning;
    const { machine } = planning.settings;
    const pruned = planning.rows.filter(isSpeed).filter(({ against }) => against === unpruned.id);
    const rows = [unpruned, ...pruned];
    for (const row of pruned) {
      if (row.model !== unpruned.model || row.batch !== unpruned.batch) {
        throw new Error(`${planning.experiment}: row ${row.id} and ${unpruned.id} differ in model or batch`);
      }
    }
    const model = planning.resources.random(unpruned.model);
    // A single image is one model's work, whose threads share each product; a batch has a model in every thread.
    const threads =
      unpruned.batch === 1 ? planning.settings.threads : planning.threadsFor(rows.map(() => model));
    const key = keyOf([unpruned.model, 'speed'], {
      methods: rows.map((row) => planning.method({ work: 'speed' }, model, row.plan)),
      batch: unpruned.batch,
      mode: unpruned.batch === 1 ? 'latency' : 'throughput',
      threads,
      budget,
      machine,
      ...(unpruned.floor && { floor: true }),
    });
    const arms = rows.map((row) => ({ head: planning.head(row, key), plan: row.plan }));
    const floor = unpruned.floor === true;
    return { kind: 'speed', key, model, batch: unpruned.batch, threads, budget, floor, arms };
  },

  heads: ({ arms }) => arms.map(({ head }) => head),
  label: ({ model, arms }) =>
    `${model.described.name}: speed of ${arms.map(({ head }) => head.label).join(' / ')}`,
  estimate({ model, batch, arms, budget }, factor) {
    const round = factor * batch * arms.reduce((sum, { plan }) => sum + imageMs(model.spec, plan), 0);
    return factor * loadMs(model) * arms.length + round * (budget.warmup + expectedRounds(budget, round));
  },
  run: measureSpeed,
  threads: ({ threads }) => threads,
  skipped: ({ model, arms }, head) => ({ dataset: null, cost: costOf(model.spec, arms[head].plan) }),
  named: ({ against }) => (against === null ? [] : [against]),
  latency: ({ batch }) => batch === 1,
};
