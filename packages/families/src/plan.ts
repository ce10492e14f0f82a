/** Pruning plans for a family: what it admits, and what it takes where a plan says nothing. */
import {
  choiceNotAdmitted,
  completePlan,
  everyChoice,
  type PlanRules,
  type PruningPlan,
  UserError,
} from '@vssm/core';
import type { ModelFamily, ModelSpec } from './model.ts';

/** No pruning at all. */
export const densePlan: PruningPlan = completePlan({ schedule: [] });

/**
 * Completes and checks a plan.
 *
 * @param family default: none in particular, so that every choice stands
 * @throws UserError for a combination without meaning, in itself or for the family
 */
export function pruningPlan(
  options: Partial<PruningPlan> & Pick<PruningPlan, 'schedule'>,
  family?: ModelFamily,
): PruningPlan {
  const plan = completePlan(options, family === undefined ? everyChoice : planRules[family]);
  if (family !== undefined) checkFamily(plan, family);
  return plan;
}

/** Throws a UserError where a model cannot be pruned by a plan: another family's option, or a block it lacks. */
export function checkPlan(spec: Pick<ModelSpec, 'family' | 'depth'>, plan: PruningPlan): void {
  checkFamily(plan, spec.family);
  for (const { after } of plan.schedule) {
    if (after > spec.depth) {
      throw new UserError(`schedule: block ${after} is not there; the model has ${spec.depth} blocks`);
    }
  }
}

const planRules: Readonly<Record<ModelFamily, PlanRules>> = {
  vim: everyChoice,
  plainmamba: {
    choices: {
      recentred: false,
      mirrored: false,
      'gated-backward': false,
      compact: false,
      countClassToken: false,
    },
    convUnderNone: 'positional',
  },
};
const titles: Readonly<Record<ModelFamily, string>> = { vim: 'Vim', plainmamba: 'PlainMamba' };

function checkFamily(plan: PruningPlan, family: ModelFamily): void {
  const lacking = choiceNotAdmitted(plan, planRules[family]);
  if (lacking === undefined) return;
  const having = (Object.keys(planRules) as ModelFamily[]).filter(
    (other) => planRules[other].choices[lacking.choice],
  );
  throw new UserError(
    `${lacking.what} exists for ${having.map((other) => titles[other]).join(' and ')} only, not for ${titles[family]}`,
  );
}
